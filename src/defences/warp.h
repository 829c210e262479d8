#pragma once
/// One smooth warp, the same for all pictures, that leads to a class: the trigger of WaNet (Nguyen, Tran 2021) reversed.
/// A warp moves edges, so what it adds to a picture depends on the picture: one change for all (universal.h) and a patch
/// (trigger.h) reach its class, but unlearning those leaves part of the warp working. The field of shifts is given by
/// few knots and bilinear between them; its knots are descended on as a change is.
/// Thread rule: free functions, in the calling thread. Same seed, same warp.

#include <cstdint>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "defences/universal.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct WarpOptions {
    double radius = 1.0 / 28;   ///< root mean square of the shifts of the knots, as a fraction of the side
    std::int64_t knots = 6;     ///< a side
    int steps = 25;             ///< gradient steps from each start
    int starts = 2;             ///< random fields of half the radius
    std::int64_t samples = 32;  ///< clean rows, at most
    std::uint32_t stream = 0;   ///< other streams start elsewhere
};

struct Warp {
    NdArray places;      ///< float32 [height, width, 2]: column and row that each pixel is taken from, -1 to 1 over a side
    UniversalCell cell;  ///< how far it gets with the rows that it was sought on
};

/// Is an item a picture, with one channel or three in front or behind?
bool can_be_warped(const Shape& item);

/// The warp with the lowest loss on the way from the first `options.samples` rows of other classes to `target`.
/// `clean` holds labelled rows in [0, 1]. Fails with `unsupported` where items are no pictures or there are no
/// gradients, `invalid_input` where there is no such class or no row of another, `cancelled`.
Result<Warp> strongest_warp(const model::Classifier& classifier, const data::Batch& clean, std::int64_t target,
                            const WarpOptions& options, const RunContext& ctx);

/// `x` float32 [n, picture], each picture warped; bilinear, its edge goes on beyond it.
Result<NdArray> warped(const NdArray& x, const Warp& warp);

}  // namespace bartizan::defences

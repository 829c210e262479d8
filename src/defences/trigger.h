#pragma once
/// Reverse engineering of triggers: the smallest patch that sends inputs of all other classes to one class (Wang et al.
/// 2019, "Neural Cleanse: Identifying and Mitigating Backdoor Attacks in Neural Networks", equations 2 and 3). A patch
/// much smaller than those of the other classes is evidence of a trojan; how often it works on clean inputs is
/// measured. Thread rule: free functions; classes are spread over `ctx.threads()`. Same seed, same triggers.

#include <cstdint>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct TriggerOptions {
    int steps = 200;             ///< most steps for a class; it stops earlier where the patch no longer shrinks
    std::int64_t batch = 32;     ///< rows a step
    double success = 0.95;       ///< of a batch that must go to the target for a patch to count
    double most_size = 0;        ///< above 0: not the smallest trigger, but the best one of at most this size
    std::int64_t samples = 512;  ///< rows that success is measured on, at most
};

/// (1 - mask) x + mask pattern.
struct ReversedTrigger {
    std::int64_t target = 0;
    NdArray mask;             ///< float32 like one item, in [0, 1]; alike for all channels of a picture
    NdArray pattern;          ///< float32 like one item, in [0, 1]
    double size = 0;          ///< sum of the mask: pixels (columns of a table), all of them where no patch was found
    double share = 0;         ///< size as a fraction of all pixels
    std::int64_t fooled = 0;  ///< clean rows of other classes that it sends to the target
    std::int64_t tried = 0;   ///< of these
    bool found = false;       ///< a patch that reached `success` on a batch

    double success() const { return tried == 0 ? 0 : static_cast<double>(fooled) / static_cast<double>(tried); }
};

/// The shape of a mask: one number a pixel, whatever the channels.
Shape trigger_mask_shape(const Shape& item);

/// One for each of `targets`, in their order. `clean` holds labelled rows in [0, 1]. Fails with `invalid_input` when
/// there are no rows of another class, `unsupported` without gradients, `cancelled`.
Result<std::vector<ReversedTrigger>> reverse_triggers(const model::Classifier& classifier, const data::Batch& clean,
                                                      const std::vector<std::int64_t>& targets,
                                                      const TriggerOptions& options, RunContext& ctx);

/// `x` float32 [n, item] with the trigger on every row.
Result<NdArray> stamped(const NdArray& x, const ReversedTrigger& trigger);

/// One-sided anomaly index of each size: (median - size) / (1.4826 MAD), so that only unusually small ones score
/// (Wang et al. 2019, section IV-B, whose two-sided index also flags unusually large ones). 0 where the MAD is 0.
std::vector<double> anomaly_indices(const std::vector<double>& sizes);

}  // namespace bartizan::defences

#pragma once
/// Where a convolutional network looked: Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2). The maps
/// of the last convolution, each weighted by the mean gradient of the class's logit over it, what is negative cut off,
/// brought to the size of the picture. It says where, at the grain of those maps, and not how much: the values keep no
/// sum. Thread rule: free functions; the method runs on one thread at a time.

#include <memory>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "explain/methods.h"
#include "model/classifier.h"

namespace bartizan::explain {

inline constexpr std::string_view kGradCam = "grad-cam";

struct GradCam {
    Method method;
    std::string layer;  ///< the graph's name of the maps: "/layer4/conv2/Conv_output_0"
    std::int64_t height = 0, width = 0, maps = 0;
};

/// For pictures and models that hold a two-dimensional convolution whose maps are larger than one pixel and on which the
/// classes depend; the last of them is taken, behind its normalisation. Fails with `unsupported`, saying which of these
/// is missing. The method fails the same way on a model of another graph.
Result<GradCam> grad_cam(const std::shared_ptr<const model::Classifier>& classifier, bool is_picture);

}  // namespace bartizan::explain

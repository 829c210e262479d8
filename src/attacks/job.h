#pragma once
/// The tensors that go into an attack and come out of it. Only attack code includes this: it holds tensors.

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace bartizan::attacks {

struct Job {
    at::Tensor x;        ///< [n, item shape], float32, clean, in data units
    at::Tensor y;        ///< [n], int64: true labels (with `targeted`: the labels to reach)
    at::Tensor ids;      ///< [n], int64: position of each sample in its data set; keys random streams
};

struct Outcome {
    at::Tensor adversarial;  ///< like Job::x; the clean row where nothing was found
    at::Tensor success;      ///< [n], bool: misclassified (targeted: as wanted) and within the threat model
    at::Tensor queries;      ///< [n], int64: forward passes spent on the row
    at::Tensor gradients;    ///< [n], int64: backward passes spent on the row
};

}  // namespace bartizan::attacks

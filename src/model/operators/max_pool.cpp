#include "model/operators/max_pool.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/operators/pool_pairs.h"

namespace bartizan::model::operators {
namespace max_pooling {
namespace {

/// One plane in, one plane out.
struct Plane {
    std::int64_t h, w, oh, ow;
};

bool is_two_by_two(const PoolShape& s) {
    return s.kernel_h == 2 && s.kernel_w == 2 && s.stride_h == 2 && s.stride_w == 2 && s.pad_h == 0 && s.pad_w == 0;
}

/// The windows of one output, cut at the edges of the plane.
struct Range {
    std::int64_t origin, begin, end;
};
Range range_of(std::int64_t out, std::int64_t stride, std::int64_t pad, std::int64_t kernel, std::int64_t size) {
    const std::int64_t origin = out * stride - pad;
    return {origin, std::max<std::int64_t>(origin, 0), std::min(origin + kernel, size)};
}

template <class T>
void pool_any(const T* x, T* out, std::uint8_t* place, const Plane& p, const PoolShape& s) {
    for (std::int64_t i = 0; i < p.oh; ++i) {
        const Range rows = range_of(i, s.stride_h, s.pad_h, s.kernel_h, p.h);
        for (std::int64_t j = 0; j < p.ow; ++j) {
            const Range columns = range_of(j, s.stride_w, s.pad_w, s.kernel_w, p.w);
            T best = -std::numeric_limits<T>::infinity();
            std::int64_t best_row = rows.begin, best_column = columns.begin;
            for (std::int64_t r = rows.begin; r < rows.end; ++r)
                for (std::int64_t c = columns.begin; c < columns.end; ++c)
                    if (const T value = x[r * p.w + c]; value > best || (value != value && best == best)) {
                        best = value;
                        best_row = r;
                        best_column = c;
                    }
            *out++ = best;
            *place++ =
                static_cast<std::uint8_t>((best_row - rows.origin) * s.kernel_w + (best_column - columns.origin));
        }
    }
}

template <class T>
void spread_any(const T* gradient, const std::uint8_t* place, T* dx, const Plane& p, const PoolShape& s) {
    for (std::int64_t i = 0; i < p.oh; ++i)
        for (std::int64_t j = 0; j < p.ow; ++j, ++gradient, ++place) {
            const std::int64_t r = i * s.stride_h - s.pad_h + *place / s.kernel_w;
            const std::int64_t c = j * s.stride_w - s.pad_w + *place % s.kernel_w;
            dx[r * p.w + c] += *gradient;
        }
}

template <class T>
void pool_plane(const T* x, T* out, std::uint8_t* place, const Plane& p, const PoolShape& s) {
    if (!is_two_by_two(s)) return pool_any(x, out, place, p, s);
    for (std::int64_t i = 0; i < p.oh; ++i)
        pool_pairs(x + 2 * i * p.w, x + (2 * i + 1) * p.w, out + i * p.ow, place + i * p.ow, p.ow);
}

template <class T>
void spread_plane(const T* gradient, const std::uint8_t* place, T* dx, const Plane& p, const PoolShape& s) {
    if (!is_two_by_two(s)) return spread_any(gradient, place, dx, p, s);
    for (std::int64_t i = 0; i < p.oh; ++i)
        spread_pairs(gradient + i * p.ow, place + i * p.ow, dx + 2 * i * p.w, dx + (2 * i + 1) * p.w, p.ow);
}

Plane plane_of(at::IntArrayRef sizes, const PoolShape& s) {
    return {sizes[2], sizes[3], (sizes[2] + 2 * s.pad_h - s.kernel_h) / s.stride_h + 1,
            (sizes[3] + 2 * s.pad_w - s.kernel_w) / s.stride_w + 1};
}

struct Pooled {
    at::Tensor values, places;
};

Pooled forward_of(const at::Tensor& given, const PoolShape& s) {
    const at::Tensor x = given.contiguous();
    const Plane p = plane_of(x.sizes(), s);
    const std::int64_t planes = x.size(0) * x.size(1);
    Pooled pooled{at::empty({x.size(0), x.size(1), p.oh, p.ow}, x.options()),
                  at::empty({planes * p.oh * p.ow}, x.options().dtype(at::kByte))};
    const auto run = [&]<class T>(T) {
        for (std::int64_t i = 0; i < planes; ++i)
            pool_plane(x.data_ptr<T>() + i * p.h * p.w, pooled.values.data_ptr<T>() + i * p.oh * p.ow,
                       pooled.places.data_ptr<std::uint8_t>() + i * p.oh * p.ow, p, s);
    };
    x.scalar_type() == at::kFloat ? run(float{}) : run(double{});
    return pooled;
}

at::Tensor backward_of(const at::Tensor& given, const at::Tensor& places, at::IntArrayRef sizes, const PoolShape& s) {
    const at::Tensor gradient = given.contiguous();
    const Plane p = plane_of(sizes, s);
    const bool covers = is_two_by_two(s) && p.h == 2 * p.oh && p.w == 2 * p.ow;  // writes every element
    const at::Tensor dx = covers ? at::empty(sizes, gradient.options()) : at::zeros(sizes, gradient.options());
    const auto run = [&]<class T>(T) {
        for (std::int64_t i = 0; i < sizes[0] * sizes[1]; ++i)
            spread_plane(gradient.data_ptr<T>() + i * p.oh * p.ow, places.data_ptr<std::uint8_t>() + i * p.oh * p.ow,
                         dx.data_ptr<T>() + i * p.h * p.w, p, s);
    };
    gradient.scalar_type() == at::kFloat ? run(float{}) : run(double{});
    return dx;
}

/// `backward_of` in operators that autograd knows, for who differentiates a second time.
at::Tensor scattered(const at::Tensor& gradient, const at::Tensor& places, at::IntArrayRef sizes, const PoolShape& s) {
    const Plane p = plane_of(sizes, s);
    const std::int64_t planes = sizes[0] * sizes[1];
    const at::Tensor place = places.view({planes, p.oh, p.ow}).to(at::kLong);
    const at::Tensor rows = at::arange(p.oh, at::kLong).mul_(s.stride_h).sub_(s.pad_h).view({p.oh, 1});
    const at::Tensor columns = at::arange(p.ow, at::kLong).mul_(s.stride_w).sub_(s.pad_w);
    const at::Tensor row = rows + place.div(s.kernel_w, "floor"), column = columns + place.remainder(s.kernel_w);
    return at::zeros({planes, p.h * p.w}, gradient.options().requires_grad(false))
        .scatter_add(1, (row * p.w + column).view({planes, p.oh * p.ow}), gradient.reshape({planes, p.oh * p.ow}))
        .view(sizes);
}

struct Function : torch::autograd::Function<Function> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const PoolShape& s) {
        Pooled pooled = forward_of(x, s);
        context->saved_data["sizes"] = x.sizes().vec();
        context->saved_data["window"] =
            std::vector<std::int64_t>{s.kernel_h, s.kernel_w, s.stride_h, s.stride_w, s.pad_h, s.pad_w};
        context->save_for_backward({pooled.places});
        return pooled.values;
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& gradients) {
        const std::vector<std::int64_t> w = context->saved_data["window"].toIntVector();
        const std::vector<std::int64_t> sizes = context->saved_data["sizes"].toIntVector();
        const PoolShape shape = {w[0], w[1], w[2], w[3], w[4], w[5]};
        const at::Tensor places = context->get_saved_variables()[0];
        const bool again = at::GradMode::is_enabled();
        return {again ? scattered(gradients[0], places, sizes, shape) : backward_of(gradients[0], places, sizes, shape),
                at::Tensor()};
    }
};

}  // namespace
}  // namespace max_pooling

bool fast_max_pool_fits(const at::Tensor& x, const PoolShape& shape) {
    const bool real = x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble;
    return real && x.device().is_cpu() && x.dim() == 4 && shape.kernel_h <= kMaxFastWindow &&
           shape.kernel_w <= kMaxFastWindow && shape.kernel_h * shape.kernel_w <= kMaxFastWindow;
}

at::Tensor fast_max_pool(const at::Tensor& x, const PoolShape& shape) {
    if (at::GradMode::is_enabled() && x.requires_grad()) return max_pooling::Function::apply(x, shape);
    return max_pooling::forward_of(x, shape).values;
}

}  // namespace bartizan::model::operators

#include "gateway/filters.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace bartizan::gateway {
namespace {

Problem misfit(std::string sentence) { return {400, "input-does-not-fit", std::move(sentence)}; }

std::string shape_text(const Shape& shape) {
    std::string out;
    for (const std::int64_t size : shape) out += (out.empty() ? "" : ",") + std::to_string(size);
    return "[" + out + "]";
}

/// Where the first element outside of [low, high] is, NaN included; -1: nowhere.
template <class T>
std::int64_t first_outside(std::string_view bytes, double low, double high) {
    const std::size_t count = bytes.size() / sizeof(T);
    const auto bottom = static_cast<T>(low);
    const auto top = static_cast<T>(high);
    for (std::size_t i = 0; i < count; ++i) {
        T value;
        std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
        if (!(value >= bottom && value <= top)) return static_cast<std::int64_t>(i);
    }
    return -1;
}

std::int64_t first_outside(const oip::Tensor& tensor, double low, double high) {
    if (tensor.type == oip::Datatype::fp32) return first_outside<float>(tensor.bytes(), low, high);
    if (tensor.type == oip::Datatype::fp64) return first_outside<double>(tensor.bytes(), low, high);
    for (std::int64_t i = 0; i < tensor.elements(); ++i) {
        const double value = number_at(tensor, i);
        if (!(value >= low && value <= high)) return i;
    }
    return -1;
}

/// Floats may not be NaN or infinite; integers only have the range that the version has.
std::optional<Problem> check_range(const oip::Tensor& tensor, const std::optional<registry::InputRange>& range) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    const bool floats = tensor.type == oip::Datatype::fp32 || tensor.type == oip::Datatype::fp64 ||
                        tensor.type == oip::Datatype::fp16 || tensor.type == oip::Datatype::bf16;
    if (tensor.type == oip::Datatype::bytes || (!range && !floats)) return {};
    // The ends in FP32: what a caller computed with floats is not refused for its last bit.
    const double low = range ? std::nextafter(static_cast<float>(range->low), -INFINITY) : -kLargest;
    const double high = range ? std::nextafter(static_cast<float>(range->high), INFINITY) : kLargest;
    const std::int64_t at = first_outside(tensor, low, high);
    if (at < 0) return {};
    const double value = number_at(tensor, at);
    const std::string text = range
                                 ? fmt::format("input '{}' has {:g} at element {}: values lie in [{:g}, {:g}]",
                                               tensor.name, value, at, range->low, range->high)
                                 : fmt::format("input '{}' has {:g} at element {}, which is no number to compute with",
                                               tensor.name, value, at);
    return Problem{400, "input-out-of-range", text};
}

const oip::Tensor* input_of(const oip::InferRequest& request, std::string_view name) {
    const auto found = std::ranges::find(request.inputs, name, &oip::Tensor::name);
    return found == request.inputs.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Problem> FitFilter::check(Exchange& exchange) {
    const oip::InferRequest& request = exchange.request;
    const oip::Metadata& signature = *exchange.signature;
    if (request.inputs.size() != signature.inputs.size())
        return misfit(fmt::format("the model takes {} inputs, the request has {}", signature.inputs.size(),
                                  request.inputs.size()));
    std::uint64_t rows = 1;
    for (const oip::Signature& declared : signature.inputs) {
        const oip::Tensor* input = input_of(request, declared.name);
        if (input == nullptr) return misfit("the model takes an input '" + declared.name + "', which is missing");
        if (input->type != declared.type)
            return misfit(fmt::format("input '{}' has the type {}, the model takes {}", declared.name,
                                      to_string(input->type), to_string(declared.type)));
        if (!oip::fits(declared.shape, input->shape))
            return misfit(fmt::format("input '{}' has the shape {}, the model takes {}", declared.name,
                                      shape_text(input->shape), shape_text(declared.shape)));
        if (auto problem = check_range(*input, exchange.version->input_range)) return problem;
        // An open first dimension counts queries.
        if (!declared.shape.empty() && declared.shape[0] < 0 && !input->shape.empty())
            rows = std::max(rows, static_cast<std::uint64_t>(std::max<std::int64_t>(input->shape[0], 1)));
    }
    exchange.rows = rows;
    return {};
}

std::optional<Problem> QuotaFilter::check(Exchange& exchange) {
    const std::string& who = exchange.caller.name();
    const Quota::Verdict verdict =
        quota_.take(who, exchange.model, exchange.rows, limits_(who, exchange.model), std::chrono::steady_clock::now());
    if (verdict) return {};
    if (verdict.why == Quota::Verdict::Why::rate)
        return Problem{429, "rate-exceeded", "you ask more often than you may", verdict.retry_after};
    return Problem{429, "budget-exceeded", "your queries of this model for a day are spent", verdict.retry_after};
}

void QuotaFilter::undo(const Exchange& exchange) {
    quota_.give_back(exchange.caller.name(), exchange.model, exchange.rows);
}

std::vector<std::unique_ptr<Filter>> make_filters(Quota& quota, LimitsOf limits) {
    std::vector<std::unique_ptr<Filter>> out;
    out.push_back(std::make_unique<FitFilter>());
    out.push_back(std::make_unique<QuotaFilter>(quota, std::move(limits)));
    return out;
}

}  // namespace bartizan::gateway

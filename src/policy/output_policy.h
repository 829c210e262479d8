#pragma once
/// What of a model's scores a caller gets to see: labels alone, a few classes, fewer digits, softened, noisy or bent.
/// Each makes the model harder to copy and costs its honest users something; `bartizan extract --policy` measures both.
/// Pure: a policy with a key gives the same answer to the same input each time, so that noise does not average out.
/// Thread rule: immutable values that may be shared.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::policy {

/// One kind of step, as help and documentation show it.
struct StepSpec {
    std::string_view name;       ///< "round"; never renamed once released
    std::string_view form;       ///< "round:DIGITS"
    std::string_view summary;    ///< one sentence
    std::string_view reference;  ///< who, when, title; empty: common practice
};
std::span<const StepSpec> step_specs();

using Key = std::array<std::byte, 32>;

class OutputPolicy {
public:
    /// Shows the scores as they are.
    OutputPolicy() = default;

    /// "none", "labels", "top-k:3", "round:2", "temperature:2", "noise:0.05", "reverse-sigmoid:1,0.2", or several that
    /// follow one another, as "top-k:3+round:2". Fails with `invalid_input` naming the step and what it may look like.
    static Result<OutputPolicy> parse(std::string_view text);

    /// The same with another secret; noise under the key of zeros, the default, can be foretold.
    OutputPolicy with_key(const Key& key) const;

    /// Changes the probabilities of one answer in place. `input` is the request's input as bytes: noise is a function
    /// of it and the key. Afterwards every value is in [0, 1]; the sum is 1 but for `round`. The label (the first of
    /// the largest) stays for all steps but `noise` and `reverse-sigmoid`.
    void apply(std::span<double> probabilities, std::span<const std::byte> input) const;

    bool shows_labels_alone() const;
    bool shows_everything() const { return steps_.empty(); }
    /// As `parse` reads it.
    std::string text() const;

private:
    enum class Kind : std::uint8_t { labels, top_k, round, temperature, noise, reverse_sigmoid };
    struct Step {
        Kind kind;
        double first = 0, second = 0;
    };
    static Result<Step> parse_step(std::string_view text);
    void apply(const Step& step, std::span<double> p, std::span<const std::byte> input) const;

    std::vector<Step> steps_;
    Key key_{};
};

}  // namespace bartizan::policy

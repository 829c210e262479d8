#pragma once
/// The model under attack, as the attacker meets it: inputs go in, what the output policy lets through comes out, and
/// every row counts. A file here or a model behind an address: the same.
/// Thread rule: one thread at a time; a call works on `ctx.threads()` threads.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "model/classifier.h"
#include "policy/output_policy.h"

namespace bartizan::extraction {

/// Class scores of rows: probabilities float64 [n, classes].
struct Answers {
    std::int64_t classes = 0;
    std::vector<double> scores;

    std::int64_t rows() const { return classes == 0 ? 0 : static_cast<std::int64_t>(scores.size()) / classes; }
    std::span<const double> row(std::int64_t index) const {
        return std::span(scores).subspan(static_cast<std::size_t>(index * classes), static_cast<std::size_t>(classes));
    }
    std::int64_t label(std::int64_t index) const;
    std::vector<std::int64_t> labels() const;
};

class Victim {
public:
    /// `budget`: rows that may be asked.
    Victim(std::shared_ptr<const model::Classifier> classifier, policy::OutputPolicy policy, std::int64_t budget)
        : classifier_(std::move(classifier)), policy_(std::move(policy)), budget_(budget) {}

    /// The answers for `x` (float32 or float64 [n, item shape], data units), counted. Fails with `exhausted` when they
    /// are more than are left, `cancelled`, and as the model does.
    Result<Answers> ask(const NdArray& x, const RunContext& ctx);
    /// The same for measuring: not counted as the attacker's, and without the policy.
    Result<Answers> measure(const NdArray& x, const RunContext& ctx);

    std::int64_t asked() const { return asked_; }
    std::int64_t left() const { return budget_ - asked_; }
    std::int64_t measured() const { return measured_; }
    std::int64_t classes() const { return classifier_->classes(); }
    const Shape& item_shape() const { return classifier_->item_shape(); }
    const policy::OutputPolicy& policy() const { return policy_; }
    const model::Classifier& classifier() const { return *classifier_; }

private:
    std::shared_ptr<const model::Classifier> classifier_;
    policy::OutputPolicy policy_;
    std::int64_t budget_;
    std::int64_t asked_ = 0, measured_ = 0;
};

/// What `policy` makes of answers that are there already: what the users of the rows `x` would see.
Answers seen_through(const policy::OutputPolicy& policy, const Answers& answers, const NdArray& x);

}  // namespace bartizan::extraction

#pragma once
/// The filters of an inference, in the order of the chain. To add one: a class with `check` and a line in
/// `make_filters`.

#include <functional>
#include <memory>
#include <vector>

#include "gateway/exchange.h"
#include "gateway/metrics.h"
#include "gateway/quota.h"

namespace bartizan::gateway {

/// The limits that hold for a principal on a model now.
using LimitsOf = std::function<QuotaLimits(const std::string& principal, const std::string& model)>;

/// Requests and queries, before anything of the input is looked at.
class QuotaFilter final : public Filter {
public:
    QuotaFilter(Quota& quota, LimitsOf limits) : quota_(quota), limits_(std::move(limits)) {}
    std::optional<Problem> check(Exchange& exchange) override;
    void undo(const Exchange& exchange) override;

private:
    Quota& quota_;
    LimitsOf limits_;
};

/// Names, types and shapes against what the model declares; no number that is none, none out of the version's range.
class FitFilter final : public Filter {
public:
    std::optional<Problem> check(Exchange& exchange) override;
};

/// Fit first: what does not fit costs no budget, and tells how many queries the request is.
std::vector<std::unique_ptr<Filter>> make_filters(Quota& quota, LimitsOf limits);

}  // namespace bartizan::gateway

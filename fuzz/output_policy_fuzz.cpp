// links: policy
// Output policies: refused, or read the same again after being written, and their answers stay answers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "policy/output_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using bartizan::policy::OutputPolicy;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto policy = OutputPolicy::parse(text);
    if (!policy.ok()) return 0;
    const auto again = OutputPolicy::parse(policy->text());
    if (!again.ok() || again->text() != policy->text()) std::abort();
    std::vector<double> p{0.5, 0.25, 0.25, 0.0};
    policy->apply(p, std::as_bytes(std::span(text)));
    for (const double value : p)
        if (!(value >= 0 && value <= 1)) std::abort();
    return 0;
}

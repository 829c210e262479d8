#include "graph/names.h"

namespace bartizan::graph {

Result<void> check_name(const std::string& name, std::string_view kind, const Limits& limits) {
    if (name.size() <= limits.name_bytes) return {};
    return exhausted(std::string(kind) + " name of " + std::to_string(name.size()) + " bytes, at most " +
                     std::to_string(limits.name_bytes) + " are read");
}

Result<void> check_opset(const std::string& domain, std::int64_t version, const Limits& limits) {
    BARTIZAN_TRY(check_name(domain, "operator set", limits));
    if (version >= 1) return {};
    return invalid_input("operator set '" + domain + "' of version " + std::to_string(version));
}

}  // namespace bartizan::graph

#include "graph/names.h"

namespace bartizan::graph {

Result<void> check_name(const std::string& name, std::string_view kind, const Limits& limits) {
    if (name.size() <= limits.name_bytes) return {};
    return exhausted(std::string(kind) + " name of " + std::to_string(name.size()) + " bytes, at most " +
                     std::to_string(limits.name_bytes) + " are read");
}

}  // namespace bartizan::graph

#include "apps/cli/answer_text.h"

#include <chrono>

#include <fmt/format.h>

#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/time_text.h"

namespace bartizan::program {

std::string shown(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return "-";
    return cli::printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string day_shown(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || !found->is_number_integer() ? "-"
                                                                : utc_text(found->get<std::time_t>()).substr(0, 10);
}

std::string decimal(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || !found->is_number() ? "-" : fmt::format("{:.1f}", found->get<double>());
}

std::string joined(const Json& list) {
    std::string out;
    for (const Json& one : list)
        if (one.is_string()) out += (out.empty() ? "" : ", ") + cli::printable(one.get<std::string>());
    return out;
}

std::string query_of(const cli::Invocation& invocation, std::initializer_list<const char*> names) {
    std::string out;
    for (const char* name : names)
        if (invocation.has(name))
            out += fmt::format("{}{}={}", out.empty() ? "?" : "&", name, encoded(invocation.text(name)));
    return out;
}

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

}  // namespace bartizan::program

#include <algorithm>

#include "core/json.h"
#include "stream/bus.h"
#include "stream/consumer.h"

namespace bartizan::stream {
namespace {

constexpr JsonLimits kLimits{.bytes = 64 * 1024, .depth = 4, .keys = 256};

}  // namespace

std::string to_text(const PartitionState& state) {
    return Json{{"owner", state.owner}, {"sequence", state.sequence}, {"tally", state.tally}}.dump();
}

Result<PartitionState> parse_partition(std::string_view text) {
    const Json json = BARTIZAN_TRY_WITHIN(parse_json(text, kLimits), "a partition's value");
    PartitionState out;
    const auto number = [](const Json& one) { return one.is_number_unsigned() ? one.get<std::uint64_t>() : 0; };
    if (!json.is_object() || !json.contains("owner") || !json["owner"].is_string() || !json.contains("sequence") ||
        !json["sequence"].is_number_unsigned() || !json.contains("tally") || !json["tally"].is_object())
        return invalid_input("a partition's value has no owner, sequence or tally");
    out.owner = json["owner"].get<std::string>();
    out.sequence = number(json["sequence"]);
    for (const auto& [name, count] : json["tally"].items()) out.tally[name] = number(count);
    return out;
}

std::string reader_of(std::size_t partition, const std::vector<std::string>& living) {
    return living.empty() ? std::string() : living[partition % living.size()];
}

std::string without_password(std::string_view url) {
    const auto at = url.rfind('@');
    const auto begin = url.find("://");
    if (at == std::string_view::npos || begin == std::string_view::npos) return std::string(url);
    return std::string(url.substr(0, begin + 3)) + std::string(url.substr(at + 1));
}

bool is_safe(const Options& options) {
    std::string_view host = options.url;
    if (host.starts_with("tls://")) return true;
    host.remove_prefix(std::min(host.size(), host.find("://") + 3));
    if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

}  // namespace bartizan::stream

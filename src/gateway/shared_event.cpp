#include "gateway/shared_event.h"

#include <cstring>

#include "core/json.h"

namespace bartizan::gateway {
namespace shared_event {
namespace {

constexpr std::size_t kLongestHead = 16 * 1024;
constexpr JsonLimits kLimits{.bytes = kLongestHead, .depth = 4, .keys = 32};

/// Reads members and remembers whether all were there.
class Members {
public:
    explicit Members(const Json& json) : json_(json) {}
    std::string text(const char* name) {
        const auto found = json_.find(name);
        if (found != json_.end() && found->is_string()) return found->get<std::string>();
        well_ = false;
        return {};
    }
    std::uint64_t number(const char* name) {
        const auto found = json_.find(name);
        if (found != json_.end() && found->is_number_unsigned()) return found->get<std::uint64_t>();
        well_ = false;
        return 0;
    }
    std::int64_t small(const char* name) {
        const std::uint64_t value = number(name);
        well_ &= value <= std::uint64_t{1} << 62;
        return static_cast<std::int64_t>(value & (~std::uint64_t{0} >> 2));
    }
    bool well() const { return well_; }

private:
    const Json& json_;
    bool well_ = true;
};

}  // namespace
}  // namespace shared_event

std::string pack(const Event& event, const Watch::Query* query) {
    Json head = {{"id", event.request_id},
                 {"principal", event.principal},
                 {"model", event.model},
                 {"version", static_cast<std::uint64_t>(event.version)},
                 {"rows", event.rows},
                 {"status", static_cast<std::uint64_t>(event.status)},
                 {"code", event.code},
                 {"latency_ns", static_cast<std::uint64_t>(event.latency.count())},
                 {"epoch", static_cast<std::uint64_t>(event.epoch)}};
    const bool whole = query != nullptr && query->bytes() <= kLongestShared;
    const std::size_t input = whole ? query->input.size() * sizeof(float) : 0;
    head["query"] = whole;
    const std::size_t features = whole ? query->features.size() * sizeof(float) : 0;
    head["input"] = input;
    head["features"] = features;
    head["answer"] = whole ? query->body.size() : 0;
    head["answer_length"] = whole ? query->length : "";
    const std::string text = head.dump(-1, ' ', false, Json::error_handler_t::replace);
    const auto length = static_cast<std::uint32_t>(text.size());
    std::string out;
    out.reserve(sizeof length + text.size() + input + features + (whole ? query->body.size() : 0));
    out.append(reinterpret_cast<const char*>(&length), sizeof length).append(text);
    if (whole)
        out.append(reinterpret_cast<const char*>(query->input.data()), input)
            .append(query->body)
            .append(reinterpret_cast<const char*>(query->features.data()), features);
    return out;
}

Result<SharedEvent> unpack(std::string_view bytes) {
    std::uint32_t length = 0;
    if (bytes.size() < sizeof length) return invalid_input("an event without a head");
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (length > bytes.size() || length > shared_event::kLongestHead)
        return invalid_input("the head of an event is longer than the event");
    const Json head = BARTIZAN_TRY_WITHIN(parse_json(bytes.substr(0, length), shared_event::kLimits), "an event");
    bytes.remove_prefix(length);
    if (!head.is_object() || !head.contains("query") || !head["query"].is_boolean())
        return invalid_input("the head of an event does not say whether it has a query");
    shared_event::Members members(head);
    SharedEvent out{{members.text("id"), members.text("principal"), members.text("model"), members.small("version"),
                     members.number("rows"), static_cast<int>(members.small("status") & 0xffff), members.text("code"),
                     std::chrono::nanoseconds(members.small("latency_ns")), members.small("epoch")},
                    {}};
    const std::uint64_t input = members.number("input");
    const std::uint64_t answer = members.number("answer");
    const std::uint64_t features = members.number("features");
    const std::string answer_length = members.text("answer_length");
    if (!members.well()) return invalid_input("the head of an event lacks a member");
    if (input > bytes.size() || features > bytes.size() - input || answer != bytes.size() - input - features ||
        input % sizeof(float) != 0 || features % sizeof(float) != 0)
        return invalid_input("the parts of an event are not as long as its head says");
    if (!head["query"].get<bool>()) return out;
    Watch::Query query{out.event.principal, {}, out.event.rows};
    query.input.resize(input / sizeof(float));
    if (input > 0) std::memcpy(query.input.data(), bytes.data(), input);
    query.body = bytes.substr(input, answer);
    query.features.resize(features / sizeof(float));
    if (features > 0) std::memcpy(query.features.data(), bytes.data() + input + answer, features);
    query.length = answer_length;
    out.query = std::move(query);
    return out;
}

}  // namespace bartizan::gateway

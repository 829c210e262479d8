#include "gateway/fleet.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "core/json.h"
#include "crypto/hash.h"
#include "gateway/shared_event.h"

namespace bartizan::gateway {
namespace fleet {
namespace {

constexpr std::int64_t kLongestHold = 7 * 86'400;  // seconds
constexpr JsonLimits kLimits{.bytes = 4096, .depth = 4, .keys = 16};

std::int64_t number_in(std::string_view text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

struct Held {
    std::string principal;
    std::int64_t until = 0;  ///< seconds since the epoch
};
std::optional<Held> held_in(const std::string& value) {
    const auto json = parse_json(value, kLimits);
    if (!json.ok() || !json->is_object()) return {};
    const auto principal = json->find("principal"), until = json->find("until");
    if (principal == json->end() || !principal->is_string() || until == json->end() || !until->is_number_unsigned())
        return {};
    constexpr std::uint64_t kLast = std::uint64_t{1} << 40;
    return Held{principal->get<std::string>(), static_cast<std::int64_t>(std::min(until->get<std::uint64_t>(), kLast))};
}

/// A name that may be any text, as a key of the bucket.
std::string key_of(const std::string& principal) {
    return "hold." + crypto::to_hex(crypto::sha256(std::as_bytes(std::span(principal)))).substr(0, 32);
}

}  // namespace
}  // namespace fleet

Result<void> Fleet::start() {
    BARTIZAN_TRY(bus_->watch("epoch", [this](const std::string&, const std::string& value) {
        const std::int64_t epoch = fleet::number_in(value);
        if (ended_ || announced_.exchange(epoch) == epoch) return;
        parts_.renewed();
    }));
    BARTIZAN_TRY(bus_->watch("policy", [this](const std::string&, const std::string& value) {
        if (!ended_ && !value.empty()) parts_.adopt(value);
    }));
    BARTIZAN_TRY(bus_->watch("hold.>", [this](const std::string&, const std::string& value) {
        const auto held = fleet::held_in(value);
        if (ended_ || !held) return;
        const std::int64_t left = std::min(held->until - parts_.now(), fleet::kLongestHold);
        if (left > 0) parts_.hold(held->principal, left);
    }));
    if (parts_.role == Role::gateway) return {};
    consumer_ = BARTIZAN_TRY(
        stream::Consumer::start(*bus_, {.id = parts_.instance},
                                [this](std::string_view bytes, stream::Tally& tally) { return take(bytes, tally); }));
    return {};
}

void Fleet::stop() {
    if (ended_.exchange(true)) return;
    consumer_.reset();
}

void Fleet::publish(const Event& event, const Watch::Query* query, std::function<void()> then) {
    // Without NATS, or where it hangs, nobody waits: the event goes when it is back.
    const bool waits = connected();
    bus_->publish(event.principal, event.request_id, pack(event, parts_.inputs ? query : nullptr), [then, waits](bool) {
        if (waits) then();
    });
    if (!waits) then();
}

void Fleet::announce(std::int64_t epoch) {
    if (announced_.exchange(epoch) == epoch) return;
    if (const auto told = bus_->put("epoch", std::to_string(epoch)); !told.ok())
        parts_.log.say("error", "stream.lost", {{"reason", told.error().line()}});
}

void Fleet::hold(const std::string& principal, std::int64_t seconds) {
    const Json value = {{"principal", principal}, {"until", static_cast<std::uint64_t>(parts_.now() + seconds)}};
    if (const auto told =
            bus_->put(fleet::key_of(principal), value.dump(-1, ' ', false, Json::error_handler_t::replace));
        !told.ok())
        parts_.log.say("error", "stream.lost", {{"reason", told.error().line()}});
}

Result<void> Fleet::share_policy(const std::string& text) { return bus_->put("policy", text); }

/// On a thread of the consumer. What cannot be read is counted and passed over: it would not get better.
bool Fleet::take(std::string_view bytes, stream::Tally& tally) {
    if (ended_) return false;
    auto shared = unpack(bytes);
    if (!shared.ok()) {
        ++tally["unreadable"];
        return true;
    }
    const Event& event = shared->event;
    if (shared->query) {
        const auto routing = parts_.routing();
        const ServedVersion* version = routing->version({{registry::Kind::model, event.model}, event.version});
        if (version != nullptr) {
            shared->query->version = *version;
            if (!parts_.watch.take(std::move(*shared->query))) return false;
        }
    }
    ++tally["events"];
    tally["rows"] += event.rows;
    if (!event.code.empty()) ++tally["refused"];
    return true;
}

std::string Fleet::metrics() const {
    const stream::Counts counts = bus_->counts();
    std::string out =
        gauge_text("bartizan_stream_connected", "Is NATS reached?", counts.connected ? 1 : 0) +
        gauge_text("bartizan_stream_waiting", "Events not acknowledged yet.", static_cast<double>(counts.waiting));
    out += fmt::format(
        "# HELP bartizan_stream_published_total Events of this instance.\n# TYPE bartizan_stream_published_total "
        "counter\n"
        "bartizan_stream_published_total{{outcome=\"kept\"}} {}\nbartizan_stream_published_total{{outcome=\"lost\"}} "
        "{}\n",
        counts.kept, counts.lost);
    if (!consumer_) return out;
    out +=
        "# HELP bartizan_stream_counted_total What all instances read, by partition.\n"
        "# TYPE bartizan_stream_counted_total counter\n";
    const auto seen = consumer_->seen();
    for (std::size_t i = 0; i < seen.size(); ++i)
        for (const auto& [what, count] : seen[i].tally)
            out += fmt::format("bartizan_stream_counted_total{{partition=\"{}\",what=\"{}\"}} {}\n", i, what, count);
    return out + gauge_text("bartizan_stream_owned_partitions", "Partitions that this instance reads.",
                            static_cast<double>(consumer_->owned().size()));
}

}  // namespace bartizan::gateway

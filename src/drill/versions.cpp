/// A tampered model, and a bad version in production.
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "drill/play.h"

namespace bartizan::drill {
namespace {

using namespace std::chrono_literals;
constexpr auto kPause = 10ms;  // between two questions of the honest caller
constexpr auto kLook = 20ms;
constexpr double kUntilServed = 90;
constexpr double kSettled = 1;  // seconds without an answer of the bad version: it is gone

/// Protocol 0, as small as can be: `true`, the command that does nothing, run by whoever loads it.
constexpr std::string_view kPickle = "cposix\nsystem\n(S'true'\ntR.";

/// Pushes what the adversary has and tries to get it into production; true when the service let neither happen.
Result<bool> is_kept_out(Play& play, const std::string& name, const std::string& file, std::string bytes,
                         const std::map<std::string, std::string>& attachments, std::string& told) {
    const auto pushed = play.stage.push(name, file, std::move(bytes), "", attachments);
    if (!pushed.ok()) {
        told += "refused on upload: " + pushed.error().message();
        return true;
    }
    const auto number = pushed->value("version", std::int64_t{1});
    const auto promoted = play.stage.promote(name, number, false);
    if (promoted.ok()) {
        told += "it was promoted to production";
        return false;
    }
    told += promoted.error().message();
    if (promoted.error().code() == Errc::unavailable) return promoted.error();
    return true;
}

void append_varint(std::string& out, std::size_t value) {
    for (; value >= 128; value >>= 7) out += static_cast<char>((value & 127) | 128);
    out += static_cast<char>(value);
}

/// From when on no answer came from a version but `good`; nothing when the last ones still did.
std::optional<Steady::time_point> good_from(const std::vector<Traffic::One>& seen, const std::string& good) {
    std::optional<Steady::time_point> from;
    for (const Traffic::One& one : seen) {
        if (one.status != 200) continue;
        if (one.version != good)
            from.reset();
        else if (!from)
            from = one.answered;
    }
    return from;
}

bool wait_for(const Play& play, const Traffic& traffic, const std::string& version, double settled) {
    const auto began = Steady::now();
    while (since(began) < kUntilServed && !play.stopped()) {
        const auto from = good_from(traffic.seen(), version);
        if (from && since(*from) >= settled) return true;
        std::this_thread::sleep_for(kLook);
    }
    return false;
}

}  // namespace

std::string changed_model(std::string onnx, std::string_view text) {
    onnx += '\x32';  // field 6 of ModelProto, doc_string (onnx/onnx.proto)
    append_varint(onnx, text.size());
    onnx += text;
    return onnx;
}

Result<void> tampered_model(Play& play, Outcome& outcome) {
    const std::string pickle = play.stage.id() + "-pickle", changed = play.stage.id() + "-changed";
    outcome.carried_out = true;
    const auto began = Steady::now();
    std::string told_pickle = "pickle: ", told_changed = "changed model: ";
    const bool first = BARTIZAN_TRY(is_kept_out(play, pickle, "model.pt", std::string(kPickle), {}, told_pickle));
    bool second = true;
    if (play.source.file.ends_with(".onnx")) {
        second = BARTIZAN_TRY(is_kept_out(play, changed, play.source.file,
                                          changed_model(play.source.content, play.stage.id()), play.source.attachments,
                                          told_changed));
    } else {
        told_changed += "not tried: only an ONNX file is changed by a drill";
    }
    outcome.blocked = {first && second, since(began), told_pickle + "; " + told_changed};
    if (!second) outcome.blocked.note += " (is the gate 'signature' off?)";
    outcome.gained = {{"pickle_in_production", !first}, {"changed_model_in_production", !second}};
    return {};
}

Result<void> bad_version(Play& play, Outcome& outcome) {
    if (!play.items) return Error(Errc::conflict, play.no_items);
    if (!play.source.file.ends_with(".onnx")) return unsupported("only an ONNX file is changed by a drill");
    const std::string name = BARTIZAN_TRY(play.stage.copy(play.source, "rollback"));
    const Caller honest = BARTIZAN_TRY(play.stage.add_caller("rollback-honest", "consumer@model:" + name));
    const Question question{name, play.question.input};
    Traffic traffic(play.site, honest.key, question, BARTIZAN_TRY(play.items->x.rows(0, 1)), kPause);
    if (!wait_for(play, traffic, "1", 0)) return Error(Errc::unavailable, "the copy does not answer");
    auto attachments = play.source.attachments;
    attachments.erase("signature");
    const Json bad =
        BARTIZAN_TRY(play.stage.push(name, play.source.file, changed_model(play.source.content, play.stage.id()), "",
                                     attachments, play.source.input_range));
    const std::string number = bad.value("version", Json()).dump();
    BARTIZAN_TRY(play.stage.promote(name, bad.value("version", std::int64_t{2}), true));
    if (!wait_for(play, traffic, number, 0.2)) return Error(Errc::unavailable, "the bad version does not answer");

    outcome.carried_out = true;
    const auto reported = Steady::now();
    const auto incident = BARTIZAN_TRY(play.stage.open_incident(*outcome.scenario, "model:" + name + "@" + number, {}));
    answer(play, outcome, incident, "drill");
    const bool good = wait_for(play, traffic, "1", kSettled);
    traffic.stop();
    const auto seen = traffic.seen();
    const auto from = good_from(seen, "1");
    outcome.recovered.held = good;
    if (good && from) outcome.recovered.seconds = std::max(between(reported, *from), 0.0);
    outcome.recovered.note =
        good ? "from the report until the good version alone answered" : "the good version does not serve";
    for (const Traffic::One& one : seen) {
        ++outcome.others_asked;
        outcome.others_refused += one.status == 200 ? 0 : 1;
        if (one.sent > reported && one.version == number) ++outcome.asked;
    }
    outcome.gained = {{"answers_of_the_bad_version_after_the_report", outcome.asked}};
    return {};
}

}  // namespace bartizan::drill

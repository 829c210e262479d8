/// A poisoned data set, and a model that was made from it.
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "core/file.h"
#include "drill/child.h"
#include "drill/play.h"
#include "formats/npz.h"

namespace bartizan::drill {
namespace {

using namespace std::chrono_literals;
constexpr auto kLook = 20ms;
constexpr auto kPause = 10ms;
constexpr double kTurned = 0.15;  // of the labels
constexpr std::uint64_t kMostData = std::uint64_t{1} << 30;
constexpr double kUntilRefused = 30;

/// Runs one of our commands to its end; gives what it printed.
Result<std::string> run(const Play& play, const std::vector<std::string>& words, const std::filesystem::path& folder) {
    BARTIZAN_TRY(make_folder(folder));
    Child child = BARTIZAN_TRY(Child::start(play.options.program, words, "", folder));
    while (child.running() && !play.stopped()) std::this_thread::sleep_for(kLook);
    child.stop();
    if (child.status() > 1) return Error(Errc::unavailable, words[0] + ": " + child.complaint());
    return child.output();
}

/// Which items the poisoning really turned.
Result<std::vector<bool>> truth_in(const std::filesystem::path& file) {
    const auto npz = BARTIZAN_TRY(formats::Npz::open(file));
    std::vector<bool> out;
    for (const std::string& name : npz.names()) {
        const auto array = npz.array(name);
        if (!array.ok() || array->rank() != 1) continue;
        if (array->dtype() != DType::boolean && array->dtype() != DType::u8) continue;
        for (const std::byte value : array->bytes()) out.push_back(value != std::byte{0});
        return out;
    }
    return unsupported("the ground truth of the poisoning cannot be read");
}

/// The check finds what was turned: at least half of it, and it is most of what the check names.
void judge(const Json& report, const std::vector<bool>& truth, Outcome& outcome) {
    std::int64_t named = 0, right = 0;
    for (const Json& issue : report.value("issues", Json::array())) {
        const std::string kind = issue.value("kind", "");
        if (kind != "label_error" && !kind.starts_with("poison")) continue;
        for (const Json& index : issue.value("indices", Json::array())) {
            ++named;
            const auto at = index.is_number_unsigned() ? index.get<std::size_t>() : truth.size();
            right += at < truth.size() && truth[at] ? 1 : 0;
        }
    }
    const auto turned = std::ranges::count(truth, true);
    outcome.seen.held = 2 * right >= turned && 2 * right >= named && right > 0;
    outcome.seen.note = fmt::format(
        "data check names {} items, {} of the {} turned ones among them; the service itself "
        "does not check data on upload",
        named, right, turned);
    outcome.gained = {{"turned", turned}, {"found", right}, {"named", named}};
}

/// Until the adversary's model is refused to callers.
void time_refusal(const Play& play, const Traffic& traffic, Steady::time_point reported, Outcome& outcome) {
    const auto began = Steady::now();
    while (since(began) < kUntilRefused && !play.stopped()) {
        const auto seen = traffic.seen();
        if (!seen.empty() && seen.back().sent > began && seen.back().status >= 400) {
            auto first = std::ranges::find_if(seen, [](const Traffic::One& one) { return one.status >= 400; });
            outcome.blocked = {
                true, std::max(between(reported, first->answered), 0.0),
                fmt::format("from the report until what was made from it was refused ({})", seen.back().status)};
            return;
        }
        std::this_thread::sleep_for(kLook);
    }
    outcome.blocked = {false, {}, "what was made from it still answers"};
}

}  // namespace

Result<void> poisoned_upload(Play& play, Outcome& outcome) {
    if (!play.items) return Error(Errc::conflict, play.no_items);
    const auto folder = play.options.folder / "poison";
    BARTIZAN_TRY(make_folder(folder));
    std::filesystem::path clean = play.options.data;
    if (clean.empty()) {
        clean = folder / "clean.npz";
        BARTIZAN_TRY(write_items(clean, *play.items));
    }
    BARTIZAN_TRY(run(play,
                     {"poison", clean, "--attack", "label-flip", "--rate", fmt::format("{}", kTurned), "--target", "0",
                      "--out", folder / "set", "--quiet", "--seed", std::to_string(play.options.seed)},
                     folder / "made"));
    const auto poisoned = folder / "set" / "poisoned.npz";
    const std::string data = play.stage.id() + "-rows";
    const Json set = BARTIZAN_TRY(
        play.stage.push("data:" + data, "poisoned.npz", BARTIZAN_TRY(read_file(poisoned, kMostData)), "", {}));
    const std::string version = fmt::format("data:{}@{}", data, set.value("version", Json()).dump());
    const std::string made = play.stage.id() + "-derived";
    const Json derived =
        BARTIZAN_TRY(play.stage.push(made, play.source.file, play.source.content, "trained_on:" + version,
                                     play.source.attachments, play.source.input_range));
    BARTIZAN_TRY(play.stage.promote(made, derived.value("version", std::int64_t{1}), true));
    const Caller honest = BARTIZAN_TRY(play.stage.add_caller("derived-honest", "consumer@model:" + made));
    Traffic traffic(play.site, honest.key, {made, play.question.input}, BARTIZAN_TRY(play.items->x.rows(0, 1)), kPause);

    outcome.carried_out = true;
    const auto began = Steady::now();
    const Json report = BARTIZAN_TRY(parse_json(BARTIZAN_TRY(run(
        play, {"data", "check", poisoned, "--format", "json", "--quiet", "--fail-on", "never"}, folder / "checked"))));
    outcome.seen.seconds = since(began);
    judge(report, BARTIZAN_TRY(truth_in(folder / "set" / "truth.npz")), outcome);
    const auto reported = Steady::now();
    const auto incident = BARTIZAN_TRY(play.stage.open_incident(*outcome.scenario, version, {}));
    answer(play, outcome, incident, "drill");
    time_refusal(play, traffic, reported, outcome);
    return {};
}

}  // namespace bartizan::drill

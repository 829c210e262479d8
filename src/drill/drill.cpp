#include "drill/drill.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "core/time_text.h"
#include "crypto/random_stream.h"
#include "drill/play.h"

namespace bartizan::drill {
namespace {

constexpr std::int64_t kItems = 400;

struct Way {
    std::string_view scenario;
    Result<void> (*go)(Play& play, Outcome& outcome);
};
constexpr Way kWays[] = {
    {"evasion", query_attack},          {"extraction", query_attack}, {"membership", query_attack},
    {"tampered-model", tampered_model}, {"bad-version", bad_version}, {"poisoned-upload", poisoned_upload},
    {"stolen-key", stolen_key},         {"stop", stop_model},
};

bool any_asks(const Options& options) {
    return std::ranges::any_of(options.scenarios, [](const Scenario* one) { return one->asks_only; });
}

Result<std::string> new_id() {
    auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
    return fmt::format("drill-{:08x}", random.bits64() & 0xffffffffU);
}

/// What the adversary has to go by: items of the reference, as the model labels them. A copy apart labels them: a row
/// that comes a second time says nothing to the detectors.
void take_items(Play& play) {
    const auto question = question_of(play.site, play.stage.key(), play.target);
    if (!question.ok()) {
        play.no_items = question.error().line();
        return;
    }
    play.question = *question;
    const auto reference = play.source.attachments.find("reference");
    if (reference == play.source.attachments.end()) {
        play.no_items = play.source.text() +
                        " has no reference: nothing watches it, and there is nothing to ask with "
                        "(registry push --data FILE)";
        return;
    }
    const auto oracle = play.stage.copy(play.source, "oracle", Stage::Watched::no);
    if (!oracle.ok()) {
        play.no_items = oracle.error().line();
        return;
    }
    play.oracle = {*oracle, play.question.input};
    auto items = items_of(play.site, play.stage.key(), play.oracle, reference->second, kItems);
    if (items.ok())
        play.items = std::move(*items);
    else
        play.no_items = items.error().line();
}

/// The detectors have read the reference: until then they see nothing, and that would be no fair trial.
void wait_until_watched(Play& play) {
    constexpr double kPatience = 60;
    const auto began = Steady::now();
    while (play.items && since(began) < kPatience && !play.stopped()) {
        const auto told = play.site.ask(play.stage.key(), "GET", "/v1/detectors");
        if (told.ok())
            for (const Json& one : told->value("versions", Json::array()))
                if (one.value("version", "") == play.version && one.value("detectors", Json::array()).size() > 1)
                    return;
        (void)infer(play.site, play.stage.key(), play.question, play.items->x.rows(0, 1).value());
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

Outcome go_through(Play& play, const Scenario& scenario) {
    Outcome outcome{.scenario = &scenario};
    play.say(fmt::format("{} begins", scenario.name));
    const auto way = std::ranges::find(kWays, scenario.name, &Way::scenario);
    const auto done = way->go(play, outcome);
    if (!done.ok()) outcome.reason = done.error().line();
    if (done.ok() && play.stopped()) outcome.reason = "stopped before its end";
    if (const auto lifted = play.stage.lift_restrictions(); !lifted.ok()) play.say(lifted.error().line());
    play.stage.close_incidents(std::string(to_string(verdict_of(outcome))));
    play.say(fmt::format("{}: {}{}{}", scenario.name, to_string(verdict_of(outcome)),
                         outcome.reason.empty() ? "" : ": ", outcome.reason));
    return outcome;
}

Result<void> check_operator(const Site& site, const std::string& key) {
    BARTIZAN_TRY_WITHIN(site.ask(key, "GET", "/v1/principals"), "the operator's key");
    BARTIZAN_TRY_WITHIN(site.ask(key, "GET", "/v1/alerts"), "the operator's key");
    BARTIZAN_TRY_WITHIN(site.ask(key, "GET", "/v1/restrictions"), "the operator's key");
    return {};
}

}  // namespace

Result<std::vector<std::string>> plan_of(const Options& options) {
    const Site site = BARTIZAN_TRY(Site::open(options.server, options.ca_file));
    BARTIZAN_TRY(check_operator(site, options.key));
    const Source source = BARTIZAN_TRY(read_source(site, options.key, options.model, options.version, false));
    std::vector<std::string> out{
        fmt::format("attacks {} of {}{}", source.text(), site.address(),
                    options.in_place ? " itself, with questions alone" : " by copies of it"),
        "makes accounts, keys, models and incidents named after the drill, and takes them away "
        "again: accounts disabled, models quarantined, incidents closed",
        "messages and tickets of the playbooks go out as in earnest"};
    if (!source.attachments.contains("reference"))
        out.push_back("the version has no reference data: detectors do not watch it, scenarios that ask are skipped");
    for (const Scenario* one : options.scenarios)
        out.push_back(fmt::format("{}: {}{}", one->name, one->adversary,
                                  one->playbook.empty()
                                      ? ""
                                      : fmt::format(" Playbook {}{}.", one->playbook,
                                                    options.in_place && one->asks_only ? ", dry" : ", as a drill")));
    return out;
}

Result<Drill> carry_out(const Options& options) {
    const Site site = BARTIZAN_TRY(Site::open(options.server, options.ca_file));
    BARTIZAN_TRY(check_operator(site, options.key));
    const Source source = BARTIZAN_TRY(read_source(site, options.key, options.model, options.version, true));
    Drill drill{.id = BARTIZAN_TRY(new_id()),
                .server = site.address(),
                .asset = source.text(),
                .digest = source.digest,
                .in_place = options.in_place,
                .started = utc_text(std::time(nullptr))};
    Stage stage(site, options.key, drill.id);
    Play play{.options = options, .site = site, .stage = stage, .source = source};
    if (options.in_place) {
        play.target = source.model;
        play.version = source.text();
    } else {
        auto copied = stage.copy(source, "model");
        if (!copied.ok()) {
            stage.clean_up("skipped");
            return std::move(copied).error().within("the copy of " + source.text());
        }
        play.target = std::move(*copied);
        play.version = "model:" + play.target + "@1";
    }
    take_items(play);
    if (any_asks(options)) wait_until_watched(play);
    for (const Scenario* one : options.scenarios) {
        if (play.stopped()) break;
        drill.outcomes.push_back(go_through(play, *one));
    }
    drill.complete = !play.stopped() && drill.outcomes.size() == options.scenarios.size();
    drill.left = stage.clean_up(std::string(to_string(verdict_of(drill))));
    drill.ended = utc_text(std::time(nullptr));
    return drill;
}

}  // namespace bartizan::drill

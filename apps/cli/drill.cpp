/// `bartizan drill URL`: attacks a running service as an adversary would, and measures.
#include "apps/cli/drill.h"

#include <signal.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "apps/cli/engine_program.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/json_fields.h"
#include "drill/drill.h"
#include "drill/site.h"

namespace bartizan::program {
namespace drilling {
namespace {

constexpr std::uint64_t kLargestPlan = 64 * 1024;
std::atomic<bool> interrupted = false;

/// A folder that goes with this.
class Scratch {
public:
    static Result<Scratch> make() {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-drill-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) return system_failure(errno, "cannot make", name);
        return Scratch(name);
    }
    Scratch(Scratch&& other) noexcept : folder(std::exchange(other.folder, {})) {}
    ~Scratch() {
        std::error_code ignored;
        if (!folder.empty()) std::filesystem::remove_all(folder, ignored);
    }
    std::filesystem::path folder;

private:
    explicit Scratch(std::filesystem::path made) : folder(std::move(made)) {}
};

std::string given(const std::string& said, const char* variable, const char* otherwise) {
    if (!said.empty()) return said;
    const char* value = std::getenv(variable);
    return value == nullptr || *value == '\0' ? otherwise : value;
}

Result<int> list(const cli::Invocation& invocation) {
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.drill-list/1";
    json["scenarios"] = Json::array();
    std::string text = fmt::format("{:<16} {:<20} {}\n", "name", "playbook", "what the adversary does");
    for (const drill::Scenario& one : drill::scenarios()) {
        json["scenarios"].push_back({{"name", one.name},
                                     {"title", one.title},
                                     {"adversary", one.adversary},
                                     {"seen_by", one.seen_by},
                                     {"threat", one.threat},
                                     {"playbook", one.playbook},
                                     {"atlas", one.atlas},
                                     {"queries", one.queries},
                                     {"seconds", one.seconds},
                                     {"in_place", one.asks_only}});
        text += fmt::format("{:<16} {:<20} {}\n", one.name, one.playbook.empty() ? "-" : one.playbook, one.adversary);
        if (!one.seen_by.empty())
            text += fmt::format("{:<37} seen by: {}; at most {} queries, {:g} s\n", "", one.seen_by, one.queries,
                                one.seconds);
    }
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

Result<void> read_plan(const std::string& path, std::vector<std::string>& names, drill::Options& options) {
    const Json json = BARTIZAN_TRY(parse_json(BARTIZAN_TRY(read_file(path, kLargestPlan))));
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    BARTIZAN_TRY(fields.only({"scenarios", "queries", "seconds"}));
    if (names.empty()) names = BARTIZAN_TRY(fields.texts_or_none("scenarios", 100));
    if (options.queries == 0) options.queries = BARTIZAN_TRY(fields.integer_or("queries", 0, 1, 10'000'000));
    if (options.seconds == 0) options.seconds = BARTIZAN_TRY(fields.number("seconds")).value_or(0);
    if (options.seconds < 0 || options.seconds > 86'400) return invalid_input("seconds: from 1 to 86400");
    return {};
}

/// The only model in production.
Result<std::string> only_model(const drill::Options& options) {
    const auto site = BARTIZAN_TRY(drill::Site::open(options.server, options.ca_file));
    const Json told = BARTIZAN_TRY(site.ask(options.key, "GET", "/v1/models"));
    std::string found;
    for (const Json& one : told.value("models", Json::array())) {
        if (!one.value("aliases", Json::object()).contains("production") || !one.value("quarantine", Json()).is_null())
            continue;
        if (!found.empty()) return invalid_input("there are several models in production", "name one with --model");
        found = one.value("name", "");
    }
    if (found.empty()) return Error(Errc::not_found, "no model is in production", "bartizan registry promote");
    return found;
}

Result<drill::Options> options_of(const cli::Invocation& invocation) {
    drill::Options options{.server = given(invocation.positional(0), "BARTIZAN_SERVER", "http://127.0.0.1:8420"),
                           .key = given(invocation.text("key"), "BARTIZAN_KEY", ""),
                           .ca_file = invocation.text("ca-file"),
                           .model = invocation.text("model"),
                           .version = invocation.integer("model-version", 0),
                           .in_place = invocation.flag("in-place"),
                           .data = invocation.text("data"),
                           .queries = invocation.integer("queries", 0),
                           .seconds = invocation.number("seconds", 0),
                           .second_keys = invocation.list("second-key"),
                           .seed = static_cast<std::uint64_t>(invocation.integer("seed", 0))};
    if (options.key.empty()) return invalid_input("no key is given", "--key, or BARTIZAN_KEY in the environment");
    std::vector<std::string> names = invocation.list("scenario");
    if (invocation.has("plan")) BARTIZAN_TRY_WITHIN(read_plan(invocation.text("plan"), names, options), "--plan");
    for (const drill::Scenario& one : drill::scenarios())
        if (names.empty() || std::ranges::find(names, one.name) != names.end()) options.scenarios.push_back(&one);
    for (const std::string& name : names) BARTIZAN_TRY(drill::find_scenario(name));
    if (options.in_place && !invocation.flag("yes") && !invocation.flag("dry-run"))
        return invalid_input("--in-place attacks the model that callers use", "give --yes, or leave --in-place out");
    if (options.model.empty()) options.model = BARTIZAN_TRY(only_model(options));
    options.program = BARTIZAN_TRY(find_commands());
    return options;
}

void announce(const cli::Invocation& invocation, const std::vector<std::string>& plan) {
    if (invocation.flag("quiet")) return;
    for (const std::string& line : plan) fmt::print(stderr, "bartizan: {}\n", cli::printable(line));
}

}  // namespace
}  // namespace drilling

Result<int> drill_command(const cli::Invocation& invocation) {
    using namespace drilling;
    if (invocation.positional(0) == "list") return list(invocation);
    if (invocation.has("html")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("html")));
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    drill::Options options = BARTIZAN_TRY(options_of(invocation));
    const auto plan = BARTIZAN_TRY(drill::plan_of(options));
    if (invocation.flag("dry-run")) {
        Json json = cli::document(invocation);
        json["schema"] = "bartizan.drill-plan/1";
        json["plan"] = plan;
        std::string text;
        for (const std::string& line : plan) text += cli::printable(line) + "\n";
        BARTIZAN_TRY(cli::print(invocation, json, text));
        return 0;
    }
    announce(invocation, plan);
    const auto scratch = BARTIZAN_TRY(Scratch::make());
    options.folder = scratch.folder;
    ::signal(SIGINT, [](int) { interrupted = true; });
    ::signal(SIGTERM, [](int) { interrupted = true; });
    options.stopped = [] { return interrupted.load(); };
    if (!invocation.flag("quiet"))
        options.say = [](const std::string& line) { fmt::print(stderr, "bartizan: {}\n", cli::printable(line)); };
    const drill::Drill done = BARTIZAN_TRY(drill::carry_out(options));
    Json json = cli::document(invocation);
    json.update(drill::to_json(done));
    if (invocation.has("html"))
        BARTIZAN_TRY(write_file_atomically(invocation.text("html"), std::string_view(drill::drill_html(done))));
    if (invocation.has("out"))
        BARTIZAN_TRY(write_file_atomically(invocation.text("out"), std::string_view(to_text(json))));
    BARTIZAN_TRY(cli::print(invocation, json, drill::drill_text(done)));
    if (!done.complete) return 3;
    return drill::verdict_of(done) == drill::Verdict::fail && invocation.text("fail-on", "high") != "never" ? 1 : 0;
}

}  // namespace bartizan::program

#include "apps/cli/init/workspace.h"

#include <algorithm>
#include <cstdlib>

#include "apps/cli/engine_program.h"
#include "apps/cli/init/running_service.h"
#include "apps/service/child.h"
#include "cli/command.h"
#include "core/file.h"
#include "core/json_fields.h"

namespace bartizan::program::init {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSchema = "bartizan.init/1";
constexpr std::string_view kRecord = "init.json";
constexpr std::uint64_t kLongestRecord = 1 << 20;
constexpr auto kLongestStep = 4h;

/// The last line of what a command said, without the program's name.
std::string last_line(std::string text) {
    text.resize(text.find_last_not_of('\n') + 1);
    text.erase(0, text.rfind('\n') + 1);
    constexpr std::string_view kName = "bartizan: ";
    return text.starts_with(kName) ? text.substr(kName.size()) : text;
}

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Workspace::Workspace(std::filesystem::path folder) : folder_(std::move(folder)) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

Result<Workspace> Workspace::open(const std::filesystem::path& folder) {
    std::error_code ignored;
    Workspace out(std::filesystem::absolute(folder));
    const bool record = std::filesystem::exists(out.path(kRecord), ignored);
    if (!record && std::filesystem::exists(folder, ignored) && !std::filesystem::is_empty(folder, ignored))
        return invalid_input("'" + folder.string() + "' holds something else", "name a folder that is empty or new");
    if (record) BARTIZAN_TRY_WITHIN(out.read(), out.path(kRecord).string());
    return out;
}

Result<void> Workspace::read() {
    const Json json = BARTIZAN_TRY(parse_json(BARTIZAN_TRY(read_file(path(kRecord), kLongestRecord))));
    if (!json.is_object() || text_of(json, "schema") != kSchema) return invalid_input("this is no record of init");
    if (const auto given = json.find("answers"); given != json.end())
        BARTIZAN_TRY(answer_all(answers_, *given, "answers"));
    const auto steps = json.find("steps");
    if (steps == json.end() || !steps->is_array()) return {};
    for (const Json& one : *steps) {
        if (!one.is_object()) return invalid_input("a step is no object");
        Kept kept{text_of(one, "step"), {text_of(one, "state"), text_of(one, "summary")}, 0};
        if (const auto files = one.find("files"); files != one.end() && files->is_array())
            for (const Json& file : *files)
                if (file.is_string()) kept.outcome.files.push_back(file.get<std::string>());
        if (const auto took = one.find("seconds"); took != one.end() && took->is_number_integer())
            kept.seconds = took->get<std::int64_t>();
        kept_.push_back(std::move(kept));
    }
    return {};
}

const Outcome* Workspace::outcome(std::string_view step) const {
    const auto found = std::ranges::find(kept_, step, &Kept::step);
    return found == kept_.end() ? nullptr : &found->outcome;
}

Result<void> Workspace::keep(std::string_view step, Outcome outcome, std::chrono::seconds took) {
    std::erase_if(kept_, [&](const Kept& one) { return one.step == step; });
    kept_.push_back({std::string(step), std::move(outcome), took.count()});
    return save();
}

Json Workspace::record() const {
    Json json = {{"schema", kSchema}, {"answers", Json::object()}, {"steps", Json::array()}};
    for (const auto& [key, value] : answers_) json["answers"][key] = value;
    for (const Kept& one : kept_)
        json["steps"].push_back({{"step", one.step},
                                 {"state", one.outcome.state},
                                 {"summary", one.outcome.summary},
                                 {"files", one.outcome.files},
                                 {"seconds", one.seconds}});
    return json;
}

Result<void> Workspace::save() const {
    for (const char* one : {"", "secrets"}) {
        BARTIZAN_TRY(make_folder(folder_ / one));
        std::filesystem::permissions(folder_ / one, std::filesystem::perms::owner_all);
    }
    return write_file_atomically(path(kRecord), record().dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<Ran> Workspace::run(std::vector<std::string> words, bool shown) const {
    words.insert(words.end(), {"--format", "json"});
    const auto program = BARTIZAN_TRY(find_commands());
    const ChildOutput output = BARTIZAN_TRY(
        run_child(program, words, kLongestStep, std::size_t{64} << 20, shown ? ChildErrors::ours : ChildErrors::kept));
    if (output.status != 0 && output.status != 1)
        return Error(output.status == 2 ? Errc::invalid_input : Errc::unavailable,
                     "'bartizan " + words[0] + (cli::find_group(words[0]) != nullptr ? " " + words[1] : "") +
                         "': " + (shown ? "it failed, as told above" : last_line(output.errors)));
    return Ran{output.status, parse_json(output.out).value_or(Json::object())};
}

Result<ServiceClient> Workspace::service() {
    const std::filesystem::path key = path("secrets/admin.key");
    if (!service_) {
        service_ = BARTIZAN_TRY(RunningService::start(path("serve.yaml"), path("state"), path("service.log")));
        if (!service_->admin_key().empty()) {
            BARTIZAN_TRY(write_file_atomically(key, service_->admin_key() + "\n"));
            std::filesystem::permissions(key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        }
    }
    std::string text = BARTIZAN_TRY_WITHIN(read_file(key, 1024), key.string());
    text.resize(text.find_last_not_of('\n') + 1);
    // For the commands that steps run; nobody else sees the environment of this process.
    ::setenv("BARTIZAN_SERVER", service_->address().c_str(), 1);
    ::setenv("BARTIZAN_KEY", text.c_str(), 1);
    return ServiceClient::at(service_->address());
}

std::string Workspace::service_address() const { return service_ ? service_->address() : std::string(); }

}  // namespace bartizan::program::init

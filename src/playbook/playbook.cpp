#include "playbook/playbook.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <span>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "crypto/hash.h"
#include "playbook/data_made.h"

namespace bartizan::playbook {
namespace reading {
namespace {

constexpr std::string_view kTypes[] = {"attack",     "detection",    "engagement", "investigation",
                                       "mitigation", "notification", "prevention", "remediation"};

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

/// "start--9ea19c7a-ebe1-5006-a6ac-27a3830d88e6": 8-4-4-4-12 digits behind the
/// type.
bool is_identifier(std::string_view id, std::string_view type) {
    if (!id.starts_with(type) || !id.substr(type.size()).starts_with("--")) return false;
    const std::string_view uuid = id.substr(type.size() + 2);
    if (uuid.size() != 36 || uuid[8] != '-' || uuid[13] != '-' || uuid[18] != '-' || uuid[23] != '-') return false;
    return is_hex(uuid.substr(0, 8)) && is_hex(uuid.substr(9, 4)) && is_hex(uuid.substr(14, 4)) &&
           is_hex(uuid.substr(19, 4)) && is_hex(uuid.substr(24));
}

/// "2026-11-23T00:00:00.000Z"
bool is_timestamp(std::string_view text) {
    if (text.size() < 20 || text.back() != 'Z') return false;
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
    for (std::size_t i = 0; i < kForm.size(); ++i)
        if (kForm[i] == 'd' ? (text[i] < '0' || text[i] > '9') : text[i] != kForm[i]) return false;
    const std::string_view rest = text.substr(kForm.size(), text.size() - kForm.size() - 1);
    return rest.empty() || (rest[0] == '.' && rest.size() > 1 &&
                            rest.substr(1).find_first_not_of("0123456789") == std::string_view::npos);
}

bool is_variable(std::string_view name) {
    return name.size() > 4 && name.size() <= 256 && name.starts_with("__") && name.ends_with("__") &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '-';
           });
}

Result<void> check_head(const JsonFields& top) {
    if (BARTIZAN_TRY(top.text("type")) != "playbook") return top.fault("type", "expected playbook");
    if (BARTIZAN_TRY(top.text("spec_version")) != "cacao-2.0") return top.fault("spec_version", "expected cacao-2.0");
    if (!is_identifier(BARTIZAN_TRY(top.text("id")), "playbook"))
        return top.fault("id", "expected playbook-- and a UUID in lower case");
    if (!is_identifier(BARTIZAN_TRY(top.text("created_by")), "identity"))
        return top.fault("created_by", "expected identity-- and a UUID");
    for (const char* name : {"created", "modified"})
        if (!is_timestamp(BARTIZAN_TRY(top.text(name))))
            return top.fault(name, "expected a time as 2026-11-23T00:00:00Z");
    for (const std::string& type : BARTIZAN_TRY(top.texts_or_none("playbook_types", 20)))
        if (std::ranges::find(kTypes, type) == std::end(kTypes))
            return top.fault("playbook_types", "there is no type '" + type.substr(0, 40) + "'");
    for (const char* name : {"priority", "severity", "impact"}) BARTIZAN_TRY(top.integer_or(name, 0, 0, 100));
    BARTIZAN_TRY(top.flag_or("revoked", false));
    return {};
}

Result<void> read_variables(const Json& document, Playbook& out) {
    const auto found = document.find("playbook_variables");
    if (found == document.end()) return {};
    BARTIZAN_TRY(JsonFields::of(*found, "playbook_variables"));
    for (const auto& [name, body] : found->items()) {
        const auto fields = BARTIZAN_TRY(JsonFields::of(body, "playbook_variables." + name.substr(0, 80)));
        if (!is_variable(name)) return invalid_input("playbook_variables: '" + name.substr(0, 80) + "' is no __name__");
        BARTIZAN_TRY(fields.text("type"));
        out.variables[name] = BARTIZAN_TRY(fields.text_or("value", "", 10'000));
        if (BARTIZAN_TRY(fields.flag_or("external", false))) out.external.push_back(name);
    }
    return {};
}

/// "POST /v1/models/x/rollback HTTP/1.1": one of our own addresses.
Result<Command> read_http(const JsonFields& fields) {
    Command out;
    const std::string line = BARTIZAN_TRY(fields.text("command", 2000));
    const auto first = line.find(' '), second = line.find(' ', first + 1);
    out.method = line.substr(0, first);
    if (first != std::string::npos) out.target = line.substr(first + 1, second - first - 1);
    constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "DELETE"};
    const bool ends_well = second == std::string::npos || line.substr(second) == " HTTP/1.1";
    if (std::ranges::find(kMethods, out.method) == std::end(kMethods) || !ends_well)
        return fields.fault("command", "expected METHOD /v1/... HTTP/1.1");
    if (!out.target.starts_with("/v1/"))
        return Error(Errc::unsupported, fields.place("command") + ": only this service's own /v1 is called");
    out.content = BARTIZAN_TRY(fields.text_or("content", "", 100'000));
    return out;
}

Result<Command> read_command(const Json& json, const std::string& place) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    const std::string type = BARTIZAN_TRY(fields.text("type", 60));
    if (type == "http-api") return read_http(fields);
    if (type == "manual") {
        Command out{.manual = true};
        out.text = BARTIZAN_TRY(fields.text("command", 10'000));
        return out;
    }
    constexpr std::string_view kOthers[] = {"bash",       "caldera-cmd", "elastic", "jupyter", "kestrel", "openc2-http",
                                            "powershell", "sigma",       "ssh",     "yara",    "libcloud"};
    if (std::ranges::find(kOthers, type) != std::end(kOthers))
        return Error(Errc::unsupported, fields.place("type") + ": '" + type + "' is not run here",
                     "http-api to this service, or manual");
    return fields.fault("type", "'" + type + "' is no command of CACAO");
}

Result<std::int64_t> approvals_of(const Json& json, const std::string& place) {
    const auto extensions = json.find("step_extensions");
    if (extensions == json.end()) return 0;
    BARTIZAN_TRY(JsonFields::of(*extensions, place + ".step_extensions"));
    const auto ours = extensions->find(kApprovalExtension);
    if (ours == extensions->end()) return 0;
    const auto fields =
        BARTIZAN_TRY(JsonFields::of(*ours, place + ".step_extensions." + std::string(kApprovalExtension)));
    return fields.integer("approvals", 1, 5);
}

Result<void> read_action(const Json& json, const JsonFields& fields, const std::string& place, Step& out) {
    const Json* commands = BARTIZAN_TRY(fields.list("commands", 20));
    if (commands->empty()) return fields.fault("commands", "an action has at least one");
    for (std::size_t i = 0; i < commands->size(); ++i)
        out.commands.push_back(BARTIZAN_TRY(read_command((*commands)[i], fmt::format("{}.commands[{}]", place, i))));
    BARTIZAN_TRY(fields.text("agent"));
    out.out_args = BARTIZAN_TRY(fields.texts_or_none("out_args", 20));
    for (const std::string& name : out.out_args)
        if (!is_variable(name)) return fields.fault("out_args", "'" + name.substr(0, 80) + "' is no __name__");
    const bool manual = std::ranges::any_of(out.commands, &Command::manual);
    if (manual && out.commands.size() > 1)
        return Error(Errc::unsupported, fields.place("commands") + ": a manual command stands alone in its step");
    out.approvals = BARTIZAN_TRY(approvals_of(json, place));
    return {};
}

Result<Step> read_step(const Json& json, const std::string& id) {
    const std::string place = "workflow." + id.substr(0, 80);
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    const std::string type = BARTIZAN_TRY(fields.text("type", 40));
    if (!is_identifier(id, type)) return invalid_input(place + ": expected " + type + "-- and a UUID as its name");
    constexpr std::pair<std::string_view, StepKind> kKinds[] = {{"start", StepKind::start},
                                                                {"end", StepKind::end},
                                                                {"action", StepKind::action},
                                                                {"parallel", StepKind::parallel},
                                                                {"if-condition", StepKind::if_condition},
                                                                {"while-condition", StepKind::while_condition}};
    const auto kind = std::ranges::find(kKinds, type, &std::pair<std::string_view, StepKind>::first);
    if (kind == std::end(kKinds)) {
        if (type == "playbook-action" || type == "switch-condition")
            return Error(Errc::unsupported, place + ": steps of type " + type + " are not run here");
        return fields.fault("type", "'" + type + "' is no step of CACAO");
    }
    Step out{.kind = kind->second, .name = BARTIZAN_TRY(fields.text_or("name", type, 500))};
    out.on_completion = BARTIZAN_TRY(fields.text_or("on_completion", ""));
    out.on_success = BARTIZAN_TRY(fields.text_or("on_success", ""));
    out.on_failure = BARTIZAN_TRY(fields.text_or("on_failure", ""));
    if (!out.on_completion.empty() && !(out.on_success.empty() && out.on_failure.empty()))
        return fields.fault("on_completion", "stands in the place of on_success and on_failure, not beside them");
    out.timeout_ms = BARTIZAN_TRY(fields.integer_or("timeout", 0, 0, 2'000'000'000));
    BARTIZAN_TRY(fields.integer_or("delay", 0, 0, 2'000'000'000));
    if (out.kind == StepKind::start && out.on_completion.empty())
        return fields.fault("on_completion", "a start leads to a step");
    if (out.kind == StepKind::action) BARTIZAN_TRY(read_action(json, fields, place, out));
    if (out.kind == StepKind::parallel) {
        out.next_steps = BARTIZAN_TRY(fields.texts_or_none("next_steps", 20));
        if (out.next_steps.empty()) return fields.fault("next_steps", "expected a list of steps");
    }
    if (out.kind == StepKind::if_condition || out.kind == StepKind::while_condition) {
        out.condition = BARTIZAN_TRY(fields.text("condition", 2000));
        out.on_true = BARTIZAN_TRY(fields.text("on_true"));
        out.on_false = BARTIZAN_TRY(fields.text_or("on_false", ""));
    }
    return out;
}

std::vector<std::pair<const char*, std::string>> links_of(const Step& step) {
    std::vector<std::pair<const char*, std::string>> out{{"on_completion", step.on_completion},
                                                         {"on_success", step.on_success},
                                                         {"on_failure", step.on_failure},
                                                         {"on_true", step.on_true},
                                                         {"on_false", step.on_false}};
    for (const std::string& next : step.next_steps) out.emplace_back("next_steps", next);
    std::erase_if(out, [](const auto& link) { return link.second.empty(); });
    return out;
}

/// Every variable that a text uses is declared.
Result<void> check_variables(const Playbook& playbook, const std::string& place, std::string_view text) {
    Variables declared = playbook.variables;
    for (const auto& [id, step] : playbook.steps)
        for (const std::string& name : step.out_args) declared.emplace(name, "");
    return substitute(text, declared).ok() ? Result<void>()
                                           : Result<void>(substitute(text, declared).error().within(place));
}

Result<void> check_graph(const Playbook& playbook) {
    std::set<std::string> reached;
    std::vector<std::string> todo{playbook.start};
    while (!todo.empty()) {
        const std::string id = std::move(todo.back());
        todo.pop_back();
        if (!reached.insert(id).second) continue;
        const Step& step = playbook.steps.at(id);
        for (const auto& [name, next] : links_of(step)) {
            if (!playbook.steps.contains(next))
                return invalid_input(
                    fmt::format("workflow.{}.{}: there is no step '{}'", id, name, next.substr(0, 80)));
            todo.push_back(next);
        }
        for (const Command& command : step.commands)
            for (const std::string* text : {&command.target, &command.content, &command.text})
                BARTIZAN_TRY(check_variables(playbook, "workflow." + id, *text));
        if (!step.condition.empty()) {
            BARTIZAN_TRY(check_variables(playbook, "workflow." + id, step.condition));
            BARTIZAN_TRY_WITHIN(holds(step.condition, playbook.variables), "workflow." + id + ".condition");
        }
    }
    for (const auto& [id, step] : playbook.steps)
        if (!reached.contains(id)) return invalid_input("workflow." + id + ": nothing leads to it");
    return {};
}

/// One side of a comparison: a variable's value, a text in quotes, or a number.
Result<std::string> operand(std::string_view text, const Variables& variables) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'')
        return std::string(text.substr(1, text.size() - 2));
    if (text.starts_with("__")) return substitute(text, variables);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return invalid_input("'" + std::string(text.substr(0, 60)) + "' is no variable, 'text' or number");
    return std::string(text);
}

Result<bool> compare(std::string_view text, const Variables& variables) {
    for (const std::string_view sign : {"!=", "<=", ">=", "==", "=", "<", ">"}) {
        const auto at = text.find(sign);
        if (at == std::string_view::npos) continue;
        const std::string left = BARTIZAN_TRY(operand(text.substr(0, at), variables));
        const std::string right = BARTIZAN_TRY(operand(text.substr(at + sign.size()), variables));
        if (sign == "=" || sign == "==") return left == right;
        if (sign == "!=") return left != right;
        double a = 0, b = 0;
        const bool numbers = std::from_chars(left.data(), left.data() + left.size(), a).ec == std::errc{} &&
                             std::from_chars(right.data(), right.data() + right.size(), b).ec == std::errc{};
        if (!numbers) return false;
        return sign == "<" ? a < b : sign == "<=" ? a <= b : sign == ">" ? a > b : a >= b;
    }
    return invalid_input("'" + std::string(text.substr(0, 80)) + "' compares nothing", "as __name__:value = 'text'");
}

std::string quoted(const std::string& value, Quoting quoting) {
    if (quoting == Quoting::none) return value;
    if (quoting == Quoting::json) {
        const std::string text = Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
        return text.substr(1, text.size() - 2);
    }
    std::string out;
    for (const char c : value) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~").find(c) != std::string_view::npos;
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace
}  // namespace reading

Result<std::string> substitute(std::string_view text, const Variables& variables, Quoting quoting) {
    std::string out;
    for (;;) {
        const auto mark = text.find("__:value");
        if (mark == std::string_view::npos) break;
        const auto begin = text.rfind("__", mark == 0 ? 0 : mark - 1);
        if (begin == std::string_view::npos || begin + 2 >= mark)
            return invalid_input("'" + std::string(text.substr(0, 60)) + "' names no variable before :value");
        const std::string name(text.substr(begin, mark + 2 - begin));
        const auto found = variables.find(name);
        if (found == variables.end())
            return invalid_input("there is no variable '" + name.substr(0, 80) + "'",
                                 "declare it in playbook_variables");
        out += text.substr(0, begin);
        out += reading::quoted(found->second, quoting);
        text.remove_prefix(mark + std::string_view("__:value").size());
    }
    return out + std::string(text);
}

Result<bool> holds(std::string_view condition, const Variables& variables) {
    constexpr std::string_view kAnd = " AND ";
    bool all = true;
    for (;;) {
        const auto at = condition.find(kAnd);
        if (!BARTIZAN_TRY(reading::compare(condition.substr(0, at), variables))) all = false;
        if (at == std::string_view::npos) return all;
        condition.remove_prefix(at + kAnd.size());
    }
}

Result<Playbook> parse_playbook(std::string_view document) {
    const Json json = BARTIZAN_TRY(parse_json(document, {.bytes = kLongestPlaybook, .depth = 16}));
    const auto top = BARTIZAN_TRY(JsonFields::of(json, ""));
    BARTIZAN_TRY(reading::check_head(top));
    Playbook out{.id = BARTIZAN_TRY(top.text("id")), .name = BARTIZAN_TRY(top.text("name", 200))};
    out.description = BARTIZAN_TRY(top.text_or("description", "", 10'000));
    out.types = BARTIZAN_TRY(top.texts_or_none("playbook_types", 20));
    out.labels = BARTIZAN_TRY(top.texts_or_none("labels", 50));
    BARTIZAN_TRY(reading::read_variables(json, out));
    out.start = BARTIZAN_TRY(top.text("workflow_start"));
    const auto workflow = json.find("workflow");
    if (workflow == json.end() || !workflow->is_object() || workflow->empty())
        return top.fault("workflow", "expected an object of steps");
    if (workflow->size() > kMostSteps) return top.fault("workflow", fmt::format("has more than {} steps", kMostSteps));
    const std::string exception = BARTIZAN_TRY(top.text_or("workflow_exception", ""));
    for (const auto& [id, step] : workflow->items()) {
        if (id == exception && step.is_object() && step.value("type", "") == "end") continue;  // where failures end
        out.steps.emplace(id, BARTIZAN_TRY(reading::read_step(step, id)));
    }
    if (!out.steps.contains(out.start) || out.steps.at(out.start).kind != StepKind::start)
        return top.fault("workflow_start", "names no start step of the workflow");
    if (const auto agents = json.find("agent_definitions"); agents != json.end()) {
        BARTIZAN_TRY(JsonFields::of(*agents, "agent_definitions"));
        for (const auto& [id, step] : workflow->items())
            if (step.contains("agent") && !agents->contains(step.value("agent", "")))
                return invalid_input("workflow." + id + ".agent: is not in agent_definitions");
    } else {
        return top.fault("agent_definitions", "expected the agents that actions name");
    }
    BARTIZAN_TRY(reading::check_graph(out));
    out.digest = crypto::to_hex(crypto::sha256(std::as_bytes(std::span(document))));
    return out;
}

std::vector<ShippedPlaybook> shipped_playbooks() {
    std::vector<ShippedPlaybook> out;
    for (const EmbeddedFile& file : kFiles) {
        constexpr std::string_view kEnd = ".json";
        if (file.name.ends_with(kEnd))
            out.push_back({file.name.substr(0, file.name.size() - kEnd.size()), file.content});
    }
    return out;
}

}  // namespace bartizan::playbook

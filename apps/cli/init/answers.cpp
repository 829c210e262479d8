#include "apps/cli/init/answers.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/output.h"

namespace bartizan::program::init {
namespace {

constexpr std::size_t kLongestAnswer = 500;
constexpr int kMostTries = 3;

constexpr Question kQuestions[] = {
    {"model", "Which model? The path of its file (ONNX, TorchScript)", "everything that follows is about these bytes"},
    {"data", "Labelled test data for it (a path; empty: there is none)", "attacks need inputs with right answers", "-"},
    {"label", "The column with the label, if the data is a table (empty: it is none)", "tables do not say which", "-"},
    {"name", "A short name for it, in letters, digits and '-'", "callers and reports use it"},
    {"owner", "Who answers for it?", "a system that nobody owns is repaired by nobody"},
    {"sector", "Where is it used?", "sectors have rules of their own", "general", "health|finance|automotive|general"},
    {"decides", "What does it decide?", "purpose, and how bad an error is"},
    {"about", "About whom or what?", "decisions about people weigh more", "things", "people|things"},
    {"callers", "Who can call it?", "who can ask can attack", "internal", "public|partner|internal|offline"},
    {"sees", "What data does it see?", "what could leak", "none", "none|personal|health|payment"},
    {"maker", "Who made it? 'us', or the supplier's name", "suppliers are asked for proof", "us"},
    {"currency", "In which currency do you plan?", "for the budget", "EUR"},
    {"budget",
     "What is planned for AI this year? (0: not known)",
     "10 to 15 % of it for security is a rule of thumb",
     "0",
     {},
     true},
    {"security",
     "And of that for its security?",
     "the share is shown, with a waiver where it is outside",
     "0",
     {},
     true},
};

const Question* find(std::string_view key) {
    const auto found = std::ranges::find(kQuestions, key, &Question::key);
    return found == std::end(kQuestions) ? nullptr : &*found;
}

std::string keys() {
    std::string out;
    for (const Question& one : kQuestions) out += (out.empty() ? "" : ", ") + std::string(one.key);
    return out;
}

bool is_amount(std::string_view text) {
    return !text.empty() && text.size() <= 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 60 && text[0] != '-' && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

/// As the registry takes them.
bool is_file_name(std::string_view text) {
    return !text.empty() && text.size() <= 128 && text[0] != '.' &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; });
}

/// What is wrong with it; empty: nothing.
std::string fault_of(const Question& question, std::string_view value) {
    if (value.size() > kLongestAnswer) return "an answer has at most 500 characters";
    if (cli::printable(std::string(value)) != value) return "an answer is one line of text";
    if (value.empty()) return question.preset.empty() ? "an answer is needed" : "";
    if (question.amount && !is_amount(value)) return "a whole number of at most 12 digits";
    if (question.key == "currency" &&
        (value.size() != 3 || !std::ranges::all_of(value, [](char c) { return c >= 'A' && c <= 'Z'; })))
        return "three capital letters, as EUR";
    if (question.key == "name" && !is_name(value)) return "small letters, digits and '-'";
    if (question.key == "model" || question.key == "data") {
        std::error_code ignored;
        const std::string path(value.substr(0, question.key == "data" ? value.rfind(':') : value.size()));
        if (!std::filesystem::exists(path, ignored) && !std::filesystem::exists(value, ignored) &&
            value != "fashion-mnist")
            return fmt::format("there is no '{}'", value);
    }
    if (question.key == "model" && !is_file_name(std::filesystem::path(value).filename().string()))
        return "the registry takes names of files without blanks and other special characters: rename it";
    if (question.choices.empty()) return "";
    const auto choices = cli::split_choices(question.choices);
    return std::ranges::find(choices, value) != choices.end() ? "" : fmt::format("one of {}", fmt::join(choices, ", "));
}

/// What is taken when nobody says anything.
std::string preset_of(const Question& question, const Answers& answers) {
    if (question.key == "name") return short_name(std::filesystem::path(answers.find("model")->second).stem().string());
    return question.preset == "-" ? "" : std::string(question.preset);
}

}  // namespace

std::span<const Question> questions() { return kQuestions; }

Result<void> answer(Answers& answers, std::string_view key, std::string_view value) {
    const Question* question = find(key);
    if (question == nullptr) return invalid_input(fmt::format("there is no question '{}'", key), "there are " + keys());
    if (const std::string fault = fault_of(*question, value); !fault.empty())
        return invalid_input(fmt::format("answer '{}': {}", key, fault));
    answers.insert_or_assign(std::string(key), std::string(value));
    return {};
}

Result<void> answer_all(Answers& answers, const Json& object, const std::string& place) {
    if (!object.is_object()) return invalid_input(place + ": expected an object of answers");
    for (const auto& [key, value] : object.items()) {
        if (!value.is_string() && !value.is_number_unsigned())
            return invalid_input(place + ": answer '" + key + "' is neither a text nor a whole number");
        BARTIZAN_TRY_WITHIN(answer(answers, key, value.is_string() ? value.get<std::string>() : value.dump()), place);
    }
    return {};
}

Result<void> complete(Answers& answers, const std::function<std::optional<std::string>(const Question&)>& ask) {
    for (const Question& question : kQuestions) {
        for (int tries = 0; !answers.contains(question.key); ++tries) {
            const std::optional<std::string> said = ask ? ask(question) : std::nullopt;
            std::string value = said.value_or("");
            if (value.empty()) value = preset_of(question, answers);
            const Result<void> taken = answer(answers, question.key, value);
            if (taken.ok()) break;
            if (!said || tries + 1 >= kMostTries)
                return invalid_input(taken.error().line(),
                                     fmt::format("--answer {}=..., or a line of the file of --answers", question.key));
            fmt::print(stderr, "{}\n", cli::printable(taken.error().line()));
        }
    }
    return {};
}

std::string short_name(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : plain ? c : '-';
        if (lower != '-' || (!out.empty() && out.back() != '-')) out += lower;
    }
    out = out.substr(0, 60);
    while (!out.empty() && out.back() == '-') out.pop_back();
    return out.empty() ? "unnamed" : out;
}

int criticality_of(const Answers& answers) {
    const auto is = [&](std::string_view key, std::string_view value) {
        const auto found = answers.find(key);
        return found != answers.end() && found->second == value;
    };
    int out = 1;
    out += is("about", "people") ? 1 : 0;
    out += is("callers", "public") || is("callers", "partner") ? 1 : 0;
    out += is("sees", "none") ? 0 : 1;
    out += is("sector", "general") ? 0 : 1;
    return out;
}

std::string_view risk_class_of(const Answers& answers) {
    const auto value = [&](std::string_view key) {
        const auto found = answers.find(key);
        return found == answers.end() ? std::string_view() : std::string_view(found->second);
    };
    if (value("about") == "people" && value("sector") != "general") return "high";
    if (value("sector") == "automotive") return "high";
    return value("about") == "people" ? "limited" : "minimal";
}

}  // namespace bartizan::program::init

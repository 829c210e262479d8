/// Questions to vendors and their answers, read and checked.
#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "registers/data_made.h"
#include "registers/vendors.h"

namespace bartizan::registers {
namespace {

constexpr std::size_t kMostQuestions = 200;

Result<Question> read_question(const Json& json, const std::string& place, const governance::Framework& framework) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    BARTIZAN_TRY(fields.only({"number", "knock_out", "weight", "kind", "question", "good", "at_least", "at_most",
                              "checks", "must_be_there"}));
    Question out{.number = BARTIZAN_TRY(fields.integer("number", 1, 1000)),
                 .knock_out = BARTIZAN_TRY(fields.flag_or("knock_out", false)),
                 .weight = BARTIZAN_TRY(fields.integer("weight", 1, 100)),
                 .kind = BARTIZAN_TRY(fields.text("kind")),
                 .text = BARTIZAN_TRY(fields.text("question")),
                 .good = BARTIZAN_TRY(fields.text_or("good", "yes"))};
    constexpr std::int64_t kMany = 100'000;
    if (json.contains("at_least")) out.at_least = BARTIZAN_TRY(fields.integer("at_least", 0, kMany));
    if (json.contains("at_most")) out.at_most = BARTIZAN_TRY(fields.integer("at_most", 0, kMany));
    out.checks = BARTIZAN_TRY(fields.texts_or_none("checks"));
    out.must_be_there = BARTIZAN_TRY(fields.flag_or("must_be_there", false));
    for (const std::string& check : out.checks)
        if (framework.check(check) == nullptr) return fields.fault("checks", "there is no check '" + check + "'");
    return out;
}

/// Midnight, UTC, of "2026-05-01".
Result<std::int64_t> date_from(const JsonFields& fields, const std::string& text) {
    std::tm day{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%d", &day);
    if (text.size() != 10 || end != text.c_str() + text.size())
        return fields.fault("value", "expected a date: 2026-05-01");
    return static_cast<std::int64_t>(::timegm(&day));
}

Result<void> read_proof(const Json& json, const std::string& place, VendorAnswer& out) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    BARTIZAN_TRY(fields.only({"level", "document", "sha256", "evidence"}));
    out.level = BARTIZAN_TRY(fields.text_or("level", "claimed"));
    out.document = BARTIZAN_TRY(fields.text_or("document", "", 1000));
    out.digest = BARTIZAN_TRY(fields.text_or("sha256", "", 64));
    out.evidence = BARTIZAN_TRY(fields.text_or("evidence", "", 40));
    if (out.level != "claimed" && out.level != "documented" && out.level != "tested")
        return fields.fault("level", "expected claimed, documented or tested");
    if (out.level == "documented" && out.document.empty())
        return fields.fault("document", "what is documented names its document");
    if (out.level == "tested" && out.evidence.empty())
        return fields.fault("evidence", "what is tested names its evidence: ev-...");
    if (!out.digest.empty() && !governance::is_digest(out.digest)) return fields.fault("sha256", "is no SHA-256");
    return {};
}

Result<VendorAnswer> read_answer(const Json& json, const std::string& place, const std::vector<Question>& questions,
                                 std::int64_t now) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    BARTIZAN_TRY(fields.only({"question", "ask", "answer", "value", "text", "proof"}));
    VendorAnswer out{.question = BARTIZAN_TRY(fields.integer("question", 1, 1000)),
                     .text = BARTIZAN_TRY(fields.text_or("text", "", 4000))};
    const auto question = std::ranges::find(questions, out.question, &Question::number);
    if (question == questions.end()) return fields.fault("question", "there is no such question");
    if (question->kind == "word") {
        out.answer = BARTIZAN_TRY(fields.text_or("answer", ""));
        if (!out.answer.empty() && out.answer != "yes" && out.answer != "no" && out.answer != "partly")
            return fields.fault("answer", "expected yes, partly or no; what nobody answered is left out");
    } else if (json.contains("value") && !json["value"].is_null()) {
        constexpr std::int64_t kMost = 100'000;
        out.value = question->kind == "date" ? BARTIZAN_TRY(date_from(fields, BARTIZAN_TRY(fields.text("value"))))
                                             : BARTIZAN_TRY(fields.integer("value", 0, kMost));
        if (question->kind == "date" && out.value > now) return fields.fault("value", "lies in the future");
    }
    const auto proof = json.find("proof");
    if (proof != json.end() && !proof->is_null()) BARTIZAN_TRY(read_proof(*proof, fields.place("proof"), out));
    return out;
}

}  // namespace

Result<std::vector<Question>> vendor_questions(const governance::Framework& framework) {
    for (const EmbeddedFile& file : kFiles) {
        if (file.name != "vendor-questions.json") continue;
        const Json json = BARTIZAN_TRY(parse_json(file.content, {.bytes = 1 << 20, .depth = 8}));
        const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
        std::vector<Question> out;
        for (const Json& one : *BARTIZAN_TRY(fields.list("questions", kMostQuestions)))
            out.push_back(BARTIZAN_TRY(read_question(one, fmt::format("questions[{}]", out.size()), framework)));
        return out;
    }
    return internal_error("the questions to vendors do not ship");
}

Result<Questionnaire> read_questionnaire(const Json& json, const std::vector<Question>& questions, std::int64_t now) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    BARTIZAN_TRY(fields.only({"schema", "answered_by", "expires", "answers"}));
    if (BARTIZAN_TRY(fields.text("schema")) != "bartizan.vendor-answers/1")
        return fields.fault("schema", "expected bartizan.vendor-answers/1; 'vendor questions' prints a blank one");
    Questionnaire out{.answered_by = BARTIZAN_TRY(fields.text("answered_by", 200)), .expires = now + Vendors::kHolds};
    out.expires =
        std::min(out.expires, BARTIZAN_TRY(fields.integer_or("expires", out.expires, 1, std::int64_t{1} << 40)));
    if (out.expires <= now) return fields.fault("expires", "is past");
    for (const Json& one : *BARTIZAN_TRY(fields.list("answers", kMostQuestions))) {
        const std::string place = fmt::format("answers[{}]", out.answers.size());
        out.answers.push_back(BARTIZAN_TRY(read_answer(one, place, questions, now)));
        for (std::size_t i = 0; i + 1 < out.answers.size(); ++i)
            if (out.answers[i].question == out.answers.back().question)
                return invalid_input(fmt::format("{}.question: {} was answered in answers[{}] already", place,
                                                 out.answers[i].question, i));
    }
    return out;
}

Json blank_questionnaire(const std::vector<Question>& questions) {
    Json answers = Json::array();
    for (const Question& one : questions) {
        Json row = {{"question", one.number}, {"ask", one.text}};
        row[one.kind == "word" ? "answer" : "value"] = Json();
        row["text"] = "";
        row["proof"] = {{"level", "claimed"}, {"document", ""}, {"sha256", ""}, {"evidence", ""}};
        answers.push_back(std::move(row));
    }
    return {{"schema", "bartizan.vendor-answers/1"}, {"answered_by", ""}, {"answers", answers}};
}

}  // namespace bartizan::registers

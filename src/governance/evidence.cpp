#include "governance/evidence.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "crypto/hash.h"
#include "ledger/canonical.h"

namespace bartizan::governance {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kClockSkew = 300;  // seconds that a caller's clock may be ahead
constexpr std::size_t kLongestText = 2000;

Json optional_number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Result<void> check_numbers(const Evidence& evidence) {
    for (const auto& number : {evidence.value, evidence.low, evidence.high})
        if (number && !std::isfinite(*number)) return invalid_input("a value of evidence must be finite");
    if (evidence.low && evidence.high && *evidence.low > *evidence.high)
        return invalid_input("the interval of the value ends before it begins");
    return {};
}

}  // namespace

std::string_view to_string(Verdict verdict) {
    constexpr std::string_view kNames[] = {"pass", "fail", "inconclusive", "error"};
    return kNames[static_cast<std::size_t>(verdict)];
}

Result<Verdict> verdict_from(std::string_view word) {
    for (const Verdict verdict : {Verdict::pass, Verdict::fail, Verdict::inconclusive, Verdict::error})
        if (to_string(verdict) == word) return verdict;
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no verdict",
                         "pass, fail, inconclusive or error");
}

bool is_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<SubjectKind> kind_of_subject(std::string_view subject) {
    if (subject == kOrganisation) return SubjectKind::organisation;
    if (subject.starts_with("model:") || subject.starts_with("file:")) return SubjectKind::model;
    if (subject.starts_with("data:")) return SubjectKind::data;
    return invalid_input("'" + std::string(subject.substr(0, 80)) + "' is no subject",
                         "model:NAME@VERSION, data:NAME@VERSION, file:NAME or organisation");
}

Json body_of(const Evidence& evidence) {
    Json body = {{"check", evidence.check},
                 {"subject", evidence.subject},
                 {"digest", evidence.digest},
                 {"method", to_string(evidence.method)},
                 {"verdict", to_string(evidence.verdict)},
                 {"value", optional_number(evidence.value)},
                 {"low", optional_number(evidence.low)},
                 {"high", optional_number(evidence.high)},
                 {"samples", evidence.samples},
                 {"unit", evidence.unit},
                 {"summary", evidence.summary},
                 {"limitations", evidence.limitations},
                 {"tool", evidence.tool},
                 {"report_sha256", evidence.report_digest},
                 {"collected", evidence.collected},
                 {"expires", evidence.expires},
                 {"origin", evidence.origin}};
    return body;
}

Json to_json(const Evidence& evidence) {
    Json json = {{"id", evidence.id}, {"number", evidence.number}};
    json.update(body_of(evidence));
    json["recorded"] = evidence.recorded;
    json["recorded_by"] = evidence.recorded_by;
    json["entry"] = evidence.entry < 0 ? Json() : Json(evidence.entry);
    json["disputed"] = evidence.disputed ? Json(*evidence.disputed) : Json();
    return json;
}

Result<void> read_body(const Json& body, Evidence& evidence) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, "evidence"));
    evidence.check = BARTIZAN_TRY(fields.text("check", 200));
    evidence.subject = BARTIZAN_TRY(fields.text("subject", 300));
    evidence.digest = BARTIZAN_TRY(fields.text("digest", 64));
    evidence.method = BARTIZAN_TRY(method_from(BARTIZAN_TRY(fields.text_or("method", "TEST"))));
    evidence.verdict = BARTIZAN_TRY(verdict_from(BARTIZAN_TRY(fields.text_or("verdict", "inconclusive"))));
    evidence.value = BARTIZAN_TRY(fields.number("value"));
    evidence.low = BARTIZAN_TRY(fields.number("low"));
    evidence.high = BARTIZAN_TRY(fields.number("high"));
    evidence.samples = BARTIZAN_TRY(fields.integer_or("samples", 0, 0, std::int64_t{1} << 50));
    evidence.unit = BARTIZAN_TRY(fields.text_or("unit", "", 40));
    evidence.summary = BARTIZAN_TRY(fields.text_or("summary", "", kLongestText));
    evidence.limitations = BARTIZAN_TRY(fields.texts_or_none("limitations", 32));
    evidence.tool = BARTIZAN_TRY(fields.text_or("tool", "", kLongestText));
    evidence.report_digest = BARTIZAN_TRY(fields.text_or("report_sha256", "", 64));
    evidence.collected = BARTIZAN_TRY(fields.integer_or("collected", 0, 0, std::int64_t{1} << 40));
    evidence.expires = BARTIZAN_TRY(fields.integer_or("expires", 0, 0, std::int64_t{1} << 40));
    evidence.origin = BARTIZAN_TRY(fields.text_or("origin", "", 20));
    return {};
}

std::optional<Verdict> judge(const Check& check, const Evidence& evidence) {
    if (!check.at_least && !check.at_most) return {};
    if (!evidence.value || evidence.samples < check.min_samples) return Verdict::inconclusive;
    const double low = evidence.low.value_or(*evidence.value);
    const double high = evidence.high.value_or(*evidence.value);
    if ((check.at_least && high < *check.at_least) || (check.at_most && low > *check.at_most)) return Verdict::fail;
    const bool passes = (!check.at_least || low >= *check.at_least) && (!check.at_most || high <= *check.at_most);
    return passes ? Verdict::pass : Verdict::inconclusive;
}

Result<void> complete(const Framework& framework, Evidence& evidence, std::int64_t now) {
    const SubjectKind kind = BARTIZAN_TRY(kind_of_subject(evidence.subject));
    const bool attests = evidence.check.starts_with(kAttests);
    std::int64_t days = 365;
    if (attests) {
        const std::string id = evidence.check.substr(kAttests.size());
        if (!framework.requirement_index(id)) return invalid_input("there is no requirement '" + id + "'");
        if (evidence.method == Method::test)
            return invalid_input("a requirement is attested by EXAMINE or INTERVIEW, not by TEST",
                                 "tests are evidence of a check");
    } else {
        const Check* check = framework.check(evidence.check);
        if (check == nullptr)
            return invalid_input("there is no check '" + evidence.check + "'", "bartizan control list --checks");
        const Capability& capability = framework.capabilities()[check->capability];
        const bool file = evidence.subject.starts_with("file:");
        const bool about = capability.subjects[static_cast<std::size_t>(kind)] ||
                           (file && capability.subjects[static_cast<std::size_t>(SubjectKind::data)]);
        if (!about) return invalid_input(fmt::format("'{}' is not a check of {}", check->id, evidence.subject));
        days = capability.valid_days;
        const auto judged = judge(*check, evidence);
        if (judged && evidence.verdict != Verdict::error) evidence.verdict = *judged;
    }
    if (kind == SubjectKind::organisation)
        evidence.digest = kOrganisation;
    else if (!is_digest(evidence.digest))
        return invalid_input("evidence is bound to the SHA-256 of its subject: 64 hexadecimal digits");
    if (!evidence.report_digest.empty() && !is_digest(evidence.report_digest))
        return invalid_input("report_sha256 is no SHA-256");
    BARTIZAN_TRY(check_numbers(evidence));
    if (evidence.collected == 0) evidence.collected = now;
    if (evidence.collected > now + kClockSkew) return invalid_input("evidence was collected in the future");
    const std::int64_t latest = evidence.collected + days * kDay;
    if (evidence.expires == 0 || evidence.expires > latest) evidence.expires = latest;
    if (evidence.expires <= evidence.collected) return invalid_input("evidence expires before it was collected");
    const std::string text = BARTIZAN_TRY(ledger::canonical(body_of(evidence)));
    evidence.id = "ev-" + crypto::to_hex(crypto::sha256(std::as_bytes(std::span(text)))).substr(0, 16);
    return {};
}

}  // namespace bartizan::governance

#include "governance/reports.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <span>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "governance/drill_evidence.h"

namespace bartizan::governance {
namespace {

constexpr std::size_t kMostFiles = 64;

/// Members of documents that may be anything.
std::string text_in(const Json& object, const char* name) {
    if (!object.is_object()) return {};
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>().substr(0, 1000) : std::string();
}
std::optional<double> number_in(const Json& object, const char* name) {
    if (!object.is_object()) return {};
    const auto found = object.find(name);
    return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}
std::optional<bool> flag_in(const Json& object, const char* name) {
    if (!object.is_object()) return {};
    const auto found = object.find(name);
    return found != object.end() && found->is_boolean() ? std::optional(found->get<bool>()) : std::nullopt;
}
const Json& member(const Json& object, const char* name) {
    static const Json kNone;
    if (!object.is_object()) return kNone;
    const auto found = object.find(name);
    return found == object.end() ? kNone : *found;
}
std::int64_t count_in(const Json& object, const char* name) {
    const auto value = number_in(object, name);
    return value && *value > 0 && *value < 1e15 ? static_cast<std::int64_t>(*value) : 0;
}

/// 0 (info) to 4 (critical); 4 for a word that is none.
int rank(const std::string& severity) {
    constexpr std::string_view kWords[] = {"info", "low", "medium", "high", "critical"};
    const auto found = std::ranges::find(kWords, severity);
    return found == std::end(kWords) ? 4 : static_cast<int>(found - std::begin(kWords));
}
constexpr int kFails = 3;
Verdict verdict_of_severity(const std::string& severity) {
    return rank(severity) >= kFails ? Verdict::fail : Verdict::pass;
}

/// "2026-05-03T17:04:59Z" as seconds since 1970; 0 for anything else.
std::int64_t time_of(const std::string& text) {
    std::tm parts{};
    char end = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%c", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
                    &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &end) != 7 ||
        end != 'Z' || parts.tm_year < 1970 || parts.tm_year > 9999)
        return 0;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return std::max<std::int64_t>(::timegm(&parts), 0);
}

Evidence piece(const char* check, Verdict verdict, std::string summary) {
    Evidence out{.check = check, .verdict = verdict};
    out.summary = std::move(summary);
    return out;
}

struct ProbeRow {
    std::string_view probe;
    const char* check;
    const char* metric;  ///< the measurement that stands for it; may be none of a report
    const char* limitation;
};
constexpr ProbeRow kProbeRows[] = {
    {"evasion-whitebox", "evasion.whitebox", "robust_accuracy", "holds for the attacks and radii that were tried"},
    {"evasion-blackbox", "evasion.blackbox", "robust_accuracy", "holds for the queries that were spent"},
    {"backdoor", "backdoor.scan", "score", "that none was found does not prove that there is none"},
    {"poison", "data.poison", "suspects", "that none was found does not prove that there is none"},
    {"data-quality", "data.quality", "suspects", ""},
    {"extraction", "extraction.probe", "agreement", "holds for the queries that were spent"},
    {"privacy", "privacy.membership", "auc", "a lower bound on what an attacker can tell"},
    {"explain", "explain.fidelity", "deletion_lift", ""},
    {"bias", "fairness.groups", "demographic_parity_difference", "holds for the groups that were named"},
};

void take_measurement(const Json& finding, const char* metric, Evidence& out) {
    for (const Json& one : member(finding, "evidence")) {
        if (out.value || text_in(one, "name") != metric) continue;
        out.value = number_in(one, "value");
        out.low = number_in(one, "low");
        out.high = number_in(one, "high");
        out.unit = text_in(one, "unit");
        out.samples = count_in(one, "samples");
    }
}

/// One probe of an audit; nothing when it did not run.
std::optional<Evidence> of_probe(const Json& report, const Json& probe, const ProbeRow& row) {
    const std::string status = text_in(probe, "status");
    if (status == "skipped") return {};
    Evidence out = piece(row.check, Verdict::pass, "ran to its end; nothing of severity high was found");
    int worst = -1;
    for (const Json& finding : member(report, "findings")) {
        if (text_in(finding, "probe") != row.probe) continue;
        take_measurement(finding, row.metric, out);
        const int severity = rank(text_in(finding, "severity"));
        if (severity <= worst) continue;
        worst = severity;
        out.summary = text_in(finding, "rule") + " " + text_in(finding, "title");
    }
    if (worst >= kFails)
        out.verdict = Verdict::fail;
    else if (status == "incomplete")
        out.verdict = Verdict::inconclusive;
    else if (status != "passed")
        out.verdict = Verdict::error;
    if (out.verdict == Verdict::error) out.summary = text_in(probe, "reason");
    if (*row.limitation != '\0') out.limitations.emplace_back(row.limitation);
    return out;
}

std::vector<Evidence> of_audit(const Json& report) {
    std::vector<Evidence> out;
    const Json& probes = member(report, "probes");
    if (!probes.is_array()) return out;
    const std::string command = text_in(report, "command");
    const std::int64_t started = time_of(text_in(report, "started"));
    for (const Json& probe : probes) {
        const auto row = std::ranges::find(kProbeRows, text_in(probe, "name"), &ProbeRow::probe);
        if (row == std::end(kProbeRows)) continue;
        auto one = of_probe(report, probe, *row);
        if (!one) continue;
        one->tool = command;
        if (started > 0) one->collected = started + count_in(report, "seconds");
        out.push_back(std::move(*one));
    }
    return out;
}

Evidence of_scanned_file(const Json& file) {
    const std::string verdict = text_in(file, "verdict");
    const bool complete = flag_in(file, "complete").value_or(false);
    Evidence out = piece("artefact.scan",
                         verdict == "malicious"           ? Verdict::fail
                         : verdict == "clean" && complete ? Verdict::pass
                                                          : Verdict::inconclusive,
                         "the scan says " + (verdict.empty() ? "nothing" : verdict));
    out.limitations.emplace_back("holds for the rules of this version of the scanner");
    return out;
}

std::vector<Evidence> of_scan(const Json& report, const About& about) {
    std::vector<Evidence> out;
    const Json& files = member(report, "files");
    if (!files.is_array()) return out;
    for (const Json& file : files) {
        if (out.size() >= kMostFiles) break;
        Evidence one = of_scanned_file(file);
        one.digest = text_in(file, "sha256");
        if (one.digest.empty() && files.size() == 1) one.digest = about.digest;
        if (one.digest.empty()) continue;
        if (about.subject.empty() || files.size() > 1) one.subject = "file:" + text_in(file, "path").substr(0, 200);
        out.push_back(std::move(one));
    }
    return out;
}

Evidence of_backdoor(const Json& report) {
    const std::string verdict = text_in(report, "verdict");
    Evidence out = piece("backdoor.scan",
                         verdict == "clean"      ? Verdict::pass
                         : verdict == "trojaned" ? Verdict::fail
                                                 : Verdict::inconclusive,
                         "the search for a trojan says " + verdict);
    out.value = number_in(report, "score");
    if (!flag_in(report, "calibrated").value_or(false)) out.limitations.emplace_back("without reference models");
    out.limitations.emplace_back("that none was found does not prove that there is none");
    return out;
}

std::vector<Evidence> of_privacy(const Json& report) {
    std::vector<Evidence> out{piece("privacy.membership", verdict_of_severity(text_in(report, "severity")),
                                    "membership inference of severity " + text_in(report, "severity"))};
    out[0].value = number_in(report, "auc");
    out[0].samples = count_in(report, "members") + count_in(report, "nonmembers");
    out[0].limitations.emplace_back("a lower bound on what an attacker can tell");
    if (const std::string severity = text_in(member(report, "inversion"), "severity"); !severity.empty())
        out.push_back(piece("privacy.inversion", verdict_of_severity(severity), "inversion of severity " + severity));
    return out;
}

Evidence of_extract(const Json& report) {
    const std::string severity = text_in(report, "severity");
    Evidence out = piece("extraction.probe", verdict_of_severity(severity), "theft by queries of severity " + severity);
    out.value = number_in(report, "agreement");
    out.samples = count_in(report, "samples");
    if (out.verdict == Verdict::pass && !flag_in(report, "complete").value_or(false))
        out.verdict = Verdict::inconclusive;
    out.limitations.emplace_back(fmt::format("holds for {} queries", count_in(report, "queries")));
    return out;
}

Evidence of_explain(const Json& report) {
    const std::string verdict = text_in(report, "verdict");
    Evidence out = piece("explain.fidelity",
                         verdict == "trusted"    ? Verdict::pass
                         : verdict == "rejected" ? Verdict::fail
                                                 : Verdict::inconclusive,
                         text_in(report, "method") + ": " + verdict);
    out.value = number_in(report, "deletion_lift");
    out.samples = count_in(report, "samples");
    return out;
}

std::vector<Evidence> of_data_check(const Json& report) {
    const Json& by_severity = member(report, "by_severity");
    const bool told = by_severity.is_object() && number_in(by_severity, "high") && number_in(by_severity, "critical");
    const auto bad = count_in(by_severity, "high") + count_in(by_severity, "critical");
    std::vector<Evidence> out{piece("data.quality",
                                    !told     ? Verdict::inconclusive
                                    : bad > 0 ? Verdict::fail
                                              : Verdict::pass,
                                    fmt::format("{} issues of severity high or above", bad))};
    out[0].samples = count_in(report, "items");
    if (const std::string verdict = text_in(member(report, "poison"), "verdict"); !verdict.empty()) {
        out.push_back(piece("data.poison",
                            verdict == "clean"        ? Verdict::pass
                            : verdict == "suspicious" ? Verdict::fail
                                                      : Verdict::inconclusive,
                            "the search for poison says " + verdict));
        out[1].limitations.emplace_back("that none was found does not prove that there is none");
    }
    return out;
}

Evidence of_verify(const Json& report, const char* check, const char* holds) {
    const auto verified = flag_in(report, "verified");
    return piece(check,
                 !verified   ? Verdict::inconclusive
                 : *verified ? Verdict::pass
                             : Verdict::fail,
                 verified.value_or(false) ? holds : text_in(report, "reason"));
}

Result<std::vector<Evidence>> pieces_of(const Json& report, const About& about) {
    const std::string schema = text_in(report, "schema");
    if (schema == "bartizan.audit/1") return of_audit(report);
    if (schema == "bartizan.scan/1") return of_scan(report, about);
    if (schema == "bartizan.backdoor/1") return std::vector{of_backdoor(report)};
    if (schema == "bartizan.privacy/1") return of_privacy(report);
    if (schema == "bartizan.extract/1") return std::vector{of_extract(report)};
    if (schema == "bartizan.explain/1") return std::vector{of_explain(report)};
    if (schema == "bartizan.data-check/1") return of_data_check(report);
    if (schema == "bartizan.drill/1") return evidence_of_drill(report);
    if (schema == "bartizan.verify/1" || schema == "bartizan.data-verify/1")
        return std::vector{of_verify(report, "artefact.signature", "the signature holds")};
    if (schema == "bartizan.ledger/1" && text_in(report, "action") == "verify")
        return std::vector{of_verify(report, "ledger.verify", "nothing was changed, removed or reordered")};
    if (text_in(report, "bomFormat") == "CycloneDX" && member(report, "components").is_array()) {
        Evidence one =
            piece("artefact.bom", Verdict::pass, fmt::format("{} components", member(report, "components").size()));
        one.method = Method::examine;
        return std::vector{one};
    }
    return invalid_input("nothing here makes evidence of this document",
                         "documents of audit, scan, verify, backdoor, privacy, extract, explain, data check, data "
                         "verify, drill, ledger verify (--format json), or a CycloneDX bill of materials");
}

}  // namespace

Result<std::vector<Evidence>> evidence_in(std::string_view document, const About& about) {
    const Json report = BARTIZAN_TRY(parse_json(document, {.bytes = kLargestReport}));
    std::vector<Evidence> out = BARTIZAN_TRY(pieces_of(report, about));
    if (out.empty()) return invalid_input("the document shows nothing that is evidence of a check");
    const std::string told = text_in(member(report, "asset"), "sha256");
    if (!told.empty() && !about.digest.empty() && told != about.digest)
        return invalid_input("the document is about another file than it is said to be",
                             "its SHA-256 is " + told.substr(0, 64));
    const std::string digest = crypto::to_hex(crypto::sha256(std::as_bytes(std::span(document))));
    for (Evidence& one : out) {
        const bool organisation = one.check == "ledger.verify";
        if (one.digest.empty()) one.digest = told.empty() ? about.digest : told;
        if (one.subject.empty()) one.subject = organisation ? std::string(kOrganisation) : about.subject;
        if (one.subject.empty()) one.subject = "file:" + text_in(member(report, "asset"), "path").substr(0, 200);
        if (one.tool.empty()) one.tool = "bartizan " + text_in(report, "schema");
        one.report_digest = digest;
    }
    return out;
}

}  // namespace bartizan::governance

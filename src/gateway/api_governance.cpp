#include "gateway/api_governance.h"

#include <algorithm>

#include "core/json_fields.h"
#include "governance/governance.h"
#include "governance/reports.h"

namespace bartizan::gateway {
namespace api_governance {
namespace {

using access::Permission;
using governance::Evidence;

constexpr std::int64_t kMostListed = 1000;

Error denied(const std::string& what) { return Error(Errc::denied, "you may not " + what); }

/// "model:fashion@3" as the version in the registry.
Result<registry::Version> version_of(Api& api, const std::string& subject) {
    const auto colon = subject.find(':'), at = subject.rfind('@');
    if (colon == std::string::npos || at == std::string::npos || at < colon)
        return invalid_input("'" + subject.substr(0, 80) + "' is no version", "as model:fashion@3");
    const auto kind = BARTIZAN_TRY(registry::kind_from(subject.substr(0, colon)));
    const auto number = BARTIZAN_TRY(number_of(subject.substr(at + 1), "version"));
    return api.state.registry->version({{kind, subject.substr(colon + 1, at - colon - 1)}, number});
}

/// The version that has these bytes, if there is one and only one name for it; else nothing.
Result<std::string> registered(Api& api, const std::string& digest) {
    const auto rows =
        BARTIZAN_TRY(api.state.database->run("SELECT kind, name, number FROM asset_version WHERE digest = :digest "
                                             "ORDER BY created DESC, number DESC LIMIT 1",
                                             {digest}));
    if (rows.empty()) return std::string();
    return rows[0].text(0) + ":" + rows[0].text(1) + "@" + std::to_string(rows[0].integer(2));
}

/// Names the subject as the registry does, and fills in or checks its digest.
Result<void> settle_subject(Api& api, Evidence& one) {
    if (one.subject.starts_with("file:") || one.subject.empty()) {
        const std::string name = BARTIZAN_TRY(registered(api, one.digest));
        if (!name.empty()) one.subject = name;
        return {};
    }
    if (one.subject == governance::kOrganisation) return {};
    const auto version = BARTIZAN_TRY(version_of(api, one.subject));
    if (one.digest.empty()) one.digest = version.digest;
    if (one.digest != version.digest)
        return Error(Errc::conflict, one.subject + " has other bytes than the evidence is about",
                     "its SHA-256 is " + version.digest);
    return {};
}

/// Who may send evidence about a subject: who may push it; of the organisation, who governs.
Result<void> may_record(const access::Identity& caller, const Evidence& one) {
    const bool organisation = one.subject == governance::kOrganisation;
    const bool file = one.subject.starts_with("file:");
    const std::string object = organisation || file ? "*" : one.subject.substr(0, one.subject.find('@'));
    if (caller.may(organisation ? Permission::govern : Permission::push, object)) return {};
    return denied("record evidence about " + one.subject);
}

Answer recorded(Api& api, const Ask& ask, std::vector<Evidence> pieces) {
    for (Evidence& one : pieces) {
        BARTIZAN_TRY(settle_subject(api, one));
        BARTIZAN_TRY(may_record(ask.caller, one));
        one.origin = "caller";
    }
    Json list = Json::array();
    for (const Evidence& one : BARTIZAN_TRY(api.state.governance->book().add(ask.caller.name(), std::move(pieces))))
        list.push_back(to_json(one));
    return json_reply({{"evidence", list}}, 201);
}

bool may_see(const Ask& ask, const std::string& subject) {
    const std::string asset = subject.substr(0, subject.find('@'));
    const bool named = asset.starts_with("model:") || asset.starts_with("data:");
    return ask.caller.may(Permission::see, named ? asset : "*");
}

Answer list_controls(Api& api, const Ask& ask) {
    const std::string asset = ask.parameter("asset");
    if (!may_see(ask, asset)) return denied("see controls of all assets: name one with ?asset=");
    const auto matrix = BARTIZAN_TRY(api.state.governance->matrix({.scheme = ask.parameter("scheme"),
                                                                   .sector = ask.parameter("sector"),
                                                                   .asset = asset,
                                                                   .state = ask.parameter("state")}));
    return json_reply(to_json(api.state.governance->framework(), matrix));
}

Answer show_control(Api& api, const Ask& ask) {
    const std::string asset = ask.parameter("asset"), most = ask.parameter("limit");
    if (!may_see(ask, asset)) return denied("see controls of all assets: name one with ?asset=");
    const std::int64_t limit = most.empty() ? 100 : BARTIZAN_TRY(number_of(most, "limit"));
    return json_reply(BARTIZAN_TRY(api.state.governance->control(
        ask.parameter("id"), asset, static_cast<std::size_t>(std::clamp<std::int64_t>(limit, 1, kMostListed)))));
}

Answer list_catalogues(Api& api, const Ask&) {
    return json_reply(
        {{"catalogues", api.state.governance->catalogues()}, {"capabilities", api.state.governance->checks()}});
}

Answer list_evidence(Api& api, const Ask& ask) {
    const std::string before = ask.parameter("before"), most = ask.parameter("limit");
    governance::EvidenceQuery query{
        .subject = ask.parameter("subject"), .digest = ask.parameter("digest"), .check = ask.parameter("check")};
    if (!may_see(ask, query.subject)) return denied("see all evidence: name an asset with ?subject=");
    if (!before.empty()) query.before = BARTIZAN_TRY(number_of(before, "evidence"));
    if (!most.empty())
        query.limit =
            static_cast<std::size_t>(std::clamp<std::int64_t>(BARTIZAN_TRY(number_of(most, "limit")), 1, kMostListed));
    Json list = Json::array();
    for (const Evidence& one : BARTIZAN_TRY(api.state.governance->book().list(query))) list.push_back(to_json(one));
    return json_reply({{"evidence", list}});
}

Answer show_evidence(Api& api, const Ask& ask) {
    const auto one = BARTIZAN_TRY(api.state.governance->book().find(ask.part(2)));
    if (!may_see(ask, one.subject)) return denied("see evidence about " + one.subject);
    return json_reply(to_json(one));
}

Answer add_evidence(Api& api, const Ask& ask) {
    Json body = BARTIZAN_TRY(body_of(ask));
    if (!body.contains("digest")) body["digest"] = "-";  // the registry knows, or `complete` says what is missing
    Evidence one;
    BARTIZAN_TRY(read_body(body, one));
    if (one.digest == "-") one.digest.clear();
    return recorded(api, ask, {one});
}

Answer add_report(Api& api, const Ask& ask) {
    governance::About about{ask.parameter("subject"), ask.parameter("digest")};
    if (about.subject.starts_with("model:") || about.subject.starts_with("data:")) {
        const auto version = BARTIZAN_TRY(version_of(api, about.subject));
        if (about.digest.empty()) about.digest = version.digest;
    }
    return recorded(api, ask, BARTIZAN_TRY(governance::evidence_in(ask.body, about)));
}

Answer dispute_evidence(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    return json_reply(to_json(BARTIZAN_TRY(api.state.governance->book().dispute(
        ask.caller.name(), ask.part(2), BARTIZAN_TRY(text_in(body, "reason", ""))))));
}

std::int64_t now_of(Api& api) { return api.state.governance->now(); }

Answer list_waivers(Api& api, const Ask& ask) {
    Json list = Json::array();
    for (const auto& one : BARTIZAN_TRY(api.state.governance->waivers().list(ask.parameter("all") != "true")))
        list.push_back(to_json(one, now_of(api)));
    return json_reply({{"waivers", list}});
}

Answer add_waiver(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"kind", "requirement", "subject", "owner", "reason", "expires"}));
    governance::Waiver waiver{.kind = BARTIZAN_TRY(fields.text_or("kind", "waiver")),
                              .requirement = BARTIZAN_TRY(fields.text("requirement")),
                              .subject = BARTIZAN_TRY(fields.text("subject")),
                              .owner = BARTIZAN_TRY(fields.text("owner", 200)),
                              .reason = BARTIZAN_TRY(fields.text("reason"))};
    waiver.expires = BARTIZAN_TRY(fields.integer("expires", 1, std::int64_t{1} << 40));
    return json_reply(
        to_json(BARTIZAN_TRY(api.state.governance->waivers().grant(ask.caller.name(), waiver)), now_of(api)), 201);
}

Answer end_waiver(Api& api, const Ask& ask) {
    return json_reply(
        to_json(BARTIZAN_TRY(api.state.governance->waivers().end(ask.caller.name(), ask.part(2))), now_of(api)));
}

Answer list_inventory(Api& api, const Ask& ask) {
    auto& inventory = api.state.governance->inventory();
    const auto profiles = BARTIZAN_TRY(inventory.profiles());
    Json list = Json::array();
    const auto subjects = BARTIZAN_TRY(inventory.subjects());
    for (const auto& subject : *subjects) {
        if (subject.kind == governance::SubjectKind::organisation || !may_see(ask, subject.asset)) continue;
        const auto told = std::ranges::find(profiles, subject.asset, &governance::Profile::asset);
        Json one = to_json(told == profiles.end() ? governance::Profile{.asset = subject.asset} : *told);
        one["version"] = subject.name;
        one["sha256"] = subject.digest;
        list.push_back(std::move(one));
    }
    for (const auto& told : profiles) {
        const bool alone = told.asset.starts_with("service:") || told.asset.starts_with("vendor:");
        if (alone && may_see(ask, told.asset)) list.push_back(to_json(told));
    }
    Json edges = Json::array();
    for (Json& edge : Json(BARTIZAN_TRY(inventory.lineage())))
        if (may_see(ask, edge.value("from", "")) && may_see(ask, edge.value("to", "")))
            edges.push_back(std::move(edge));
    return json_reply({{"assets", list}, {"lineage", edges}});
}

Answer put_profile(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const std::string& asset = ask.part(2);
    if (!ask.caller.may(Permission::push, asset) && !ask.caller.may(Permission::govern, "*"))
        return denied("describe " + asset);
    return json_reply(to_json(BARTIZAN_TRY(api.state.governance->inventory().put(
        ask.caller.name(), BARTIZAN_TRY(governance::read_profile(body, asset))))));
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/controls", .who = Who::identified, .answer = list_controls},
    {.method = "GET", .path = "/v1/controls/requirement", .who = Who::identified, .answer = show_control},
    {.method = "GET", .path = "/v1/controls/catalogues", .who = Who::identified, .answer = list_catalogues},
    {.method = "GET", .path = "/v1/evidence", .who = Who::identified, .answer = list_evidence},
    {.method = "POST", .path = "/v1/evidence", .who = Who::identified, .body = BodyKind::json, .answer = add_evidence},
    {.method = "POST",
     .path = "/v1/evidence/reports",
     .who = Who::identified,
     .body = BodyKind::upload,
     .answer = add_report},
    {.method = "GET", .path = "/v1/evidence/{evidence}", .who = Who::identified, .answer = show_evidence},
    {.method = "POST",
     .path = "/v1/evidence/{evidence}/dispute",
     .permission = govern,
     .body = BodyKind::json,
     .answer = dispute_evidence},
    {.method = "GET", .path = "/v1/waivers", .permission = see, .answer = list_waivers},
    {.method = "POST", .path = "/v1/waivers", .permission = govern, .body = BodyKind::json, .answer = add_waiver},
    {.method = "DELETE", .path = "/v1/waivers/{waiver}", .permission = govern, .answer = end_waiver},
    {.method = "GET", .path = "/v1/inventory", .who = Who::identified, .answer = list_inventory},
    {.method = "PUT",
     .path = "/v1/inventory/{asset}",
     .who = Who::identified,
     .body = BodyKind::json,
     .answer = put_profile},
};

Evidence about(const registry::Version& version, const char* check, governance::Verdict verdict) {
    return {.check = check, .subject = version.id.text(), .digest = version.digest, .verdict = verdict};
}

Result<void> add(Api& api, const std::string& actor, Evidence one) {
    one.origin = "server";
    one.tool = "bartizan serve";
    const auto added = api.state.governance->book().add(actor, {std::move(one)});
    return added.ok() ? Result<void>() : Result<void>(added.error());
}

}  // namespace
}  // namespace api_governance

std::span<const Route> governance_routes() { return api_governance::kRoutes; }

Result<void> record_examination(Api& api, const std::string& actor, const registry::Version& version,
                                const registry::Check& check) {
    using governance::Verdict;
    const bool good = check.verdict == "clean" || check.verdict == "verified";
    const bool bad = check.verdict == "malicious" || check.verdict == "failed";
    const char* name = check.name == "scan" ? "artefact.scan" : check.name == "signature" ? "artefact.signature" : "";
    if (*name == '\0') return {};
    auto one = api_governance::about(version, name, good ? Verdict::pass : bad ? Verdict::fail : Verdict::inconclusive);
    one.summary = check.verdict + (check.detail.empty() ? "" : ": " + check.detail.substr(0, 500));
    return api_governance::add(api, actor, std::move(one));
}

Result<void> record_document(Api& api, const std::string& actor, const registry::Version& version,
                             const std::string& document) {
    auto pieces = governance::evidence_in(document, {version.id.text(), version.digest});
    if (!pieces.ok()) return {};
    for (auto& one : *pieces) one.origin = "caller";
    const auto added = api.state.governance->book().add(actor, std::move(*pieces));
    if (!added.ok() && added.error().code() == Errc::invalid_input) return {};
    return added.ok() ? Result<void>() : Result<void>(added.error());
}

Result<void> record_gate(Api& api, const std::string& actor, const registry::Version& version, bool passed) {
    auto one =
        api_governance::about(version, "release.gate", passed ? governance::Verdict::pass : governance::Verdict::fail);
    one.summary = passed ? "passed the gates of production" : "let through without passing the gates";
    return api_governance::add(api, actor, std::move(one));
}

}  // namespace bartizan::gateway

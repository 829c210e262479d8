#include "gateway/api_documents.h"

#include <algorithm>

#include "documents/bill.h"
#include "documents/bundle.h"
#include "documents/card_files.h"
#include "documents/controls.h"
#include "documents/facts.h"
#include "documents/oscal.h"
#include "governance/governance.h"
#include "incident/response.h"
#include "report/sarif.h"

namespace bartizan::gateway {
namespace api_documents {
namespace {

using access::Permission;
using documents::Facts;

documents::Sources sources_of(Api& api) {
    return {.governance = *api.state.governance,
            .registry = *api.state.registry,
            .cases = api.response == nullptr ? nullptr : &api.response->cases(),
            .log = api.state.ledger->verifier().name(),
            .organisation = api.response == nullptr ? "" : api.response->options().messages.organisation};
}

/// "model:fashion"; the organisation is what everybody's permissions are on: "*".
std::string object_of(const std::string& asset) { return asset == governance::kOrganisation ? "*" : asset; }

/// What a caller who may see the asset asks about. Whoever may not is not told whether there is one.
Result<Facts> facts_of(Api& api, const Ask& ask) {
    const std::string& asset = ask.part(2);
    if (!ask.caller.may(Permission::see, object_of(asset)))
        return Error(Errc::denied, "you may not see " + asset.substr(0, 100));
    documents::Question question{.asset = asset, .scheme = ask.parameter("scheme")};
    if (const std::string number = ask.parameter("version"); !number.empty())
        question.number = BARTIZAN_TRY(number_of(number, "version"));
    return documents::gather(sources_of(api), question);
}

http::Reply document(const char* type, const Json& json) { return {.content_type = type, .body = to_text(json)}; }

Answer export_document(Api& api, const Ask& ask) {
    const std::string& form = ask.part(3);
    constexpr std::string_view kForms[] = {"oscal", "poam", "cyclonedx", "sarif"};
    if (std::ranges::find(kForms, form) == std::end(kForms))
        return Error(Errc::not_found, "there is no export '" + form.substr(0, 40) + "'",
                     "oscal, poam, cyclonedx, sarif; pack with POST");
    const Facts facts = BARTIZAN_TRY(facts_of(api, ask));
    if (form == "oscal") return document("application/oscal+json", documents::oscal_results(facts));
    if (form == "poam") return document("application/oscal+json", BARTIZAN_TRY(documents::oscal_plan(facts)));
    if (form == "sarif")
        return document("application/sarif+json", report::report_sarif(documents::controls_report(facts)));
    const std::string spec = ask.parameter("spec");
    return document("application/vnd.cyclonedx+json",
                    BARTIZAN_TRY(documents::bill_of(facts, spec.empty() ? "1.6" : spec)));
}

Answer export_pack(Api& api, const Ask& ask) {
    const Facts facts = BARTIZAN_TRY(facts_of(api, ask));
    const std::string object = object_of(ask.part(2));
    documents::PackOptions options{.actor = ask.caller.name(), .attachments = ask.parameter("attachments") != "false"};
    if (options.attachments && facts.version && !ask.caller.may(Permission::download, object))
        return Error(Errc::denied, "you may not download what is attached to " + facts.subject(),
                     "leave it out with attachments=false");
    if (facts.version) {
        using documents::Audience;
        for (const auto& [path, form, audience] :
             {std::tuple{"card.md", "markdown", Audience::internal}, {"card.html", "html", Audience::internal},
              {"card-public.md", "markdown", Audience::published}})
            options.more.emplace_back(
                path, BARTIZAN_TRY(documents::make_card(facts, {.audience = audience, .form = form})).document);
    }
    if (ask.caller.may(Permission::pass_quarantine, object)) options.reader = registry::Reader::security;
    return http::Reply{.content_type = "application/zip",
                       .body = BARTIZAN_TRY(documents::make_pack(facts, sources_of(api), *api.state.ledger,
                                                                 api.state.folder / "ledger", options))};
}

Result<documents::CardRequest> card_request(const Ask& ask, std::string existing) {
    const std::string form = ask.parameter("as"), audience = ask.parameter("audience");
    return documents::CardRequest{
        .audience = BARTIZAN_TRY(documents::audience_from(audience.empty() ? "internal" : audience)),
        .form = form.empty() ? "markdown" : form,
        .existing = std::move(existing),
        .overwrite = ask.parameter("overwrite") == "true"};
}

Answer show_card(Api& api, const Ask& ask) {
    const Facts facts = BARTIZAN_TRY(facts_of(api, ask));
    const auto request = BARTIZAN_TRY(card_request(ask, {}));
    const char* type = request.form == "html"       ? "text/html; charset=utf-8"
                       : request.form == "markdown" ? "text/markdown; charset=utf-8"
                                                    : "application/json";
    return http::Reply{.content_type = type, .body = BARTIZAN_TRY(documents::make_card(facts, request)).document};
}

Answer make_card(Api& api, const Ask& ask) {
    const Facts facts = BARTIZAN_TRY(facts_of(api, ask));
    return json_reply(
        to_json(BARTIZAN_TRY(documents::make_card(facts, BARTIZAN_TRY(card_request(ask, ask.body))))));
}

Answer check_card(Api& api, const Ask& ask) {
    const std::string& asset = ask.part(2);
    if (!ask.caller.may(Permission::see, object_of(asset)))
        return Error(Errc::denied, "you may not see " + asset.substr(0, 100));
    const auto head = BARTIZAN_TRY(documents::head_of(ask.body));
    if (head.asset != asset) return invalid_input("the card is of " + head.asset.substr(0, 100) + ", not of " + asset);
    const Facts facts = BARTIZAN_TRY(documents::gather(sources_of(api), {.asset = asset, .number = head.number}));
    Json answer = to_json(BARTIZAN_TRY(documents::check_card(facts, ask.body)));
    answer["subject"] = facts.subject();
    answer["audience"] = to_string(head.audience);
    return json_reply(answer);
}

constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/cards/{asset}", .who = Who::identified, .answer = show_card},
    {.method = "POST",
     .path = "/v1/cards/{asset}",
     .who = Who::identified,
     .body = BodyKind::upload,
     .answer = api_documents::make_card},
    {.method = "POST",
     .path = "/v1/cards/{asset}/check",
     .who = Who::identified,
     .body = BodyKind::upload,
     .answer = api_documents::check_card},
    {.method = "GET", .path = "/v1/exports/{asset}/{form}", .who = Who::identified, .answer = export_document},
    {.method = "POST",
     .path = "/v1/exports/{asset}/pack",
     .permission = Permission::read_ledger,
     .answer = export_pack},
};

}  // namespace
}  // namespace api_documents

std::span<const Route> document_routes() { return api_documents::kRoutes; }

}  // namespace bartizan::gateway

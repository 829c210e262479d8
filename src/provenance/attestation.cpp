#include "provenance/attestation.h"

#include "core/json.h"
#include "provenance/fields.h"
#include "provenance/statement.h"

namespace bartizan::provenance {
namespace {

constexpr std::size_t kMostPolicies = 100;

Result<std::vector<Attestation::Policy>> read_policies(const Json& verifier) {
    std::vector<Attestation::Policy> policies;
    const Json* list = BARTIZAN_TRY(list_field(verifier, "policies"));
    if (list->size() > kMostPolicies) return exhausted("more than " + std::to_string(kMostPolicies) + " policies");
    for (const Json& entry : *list) {
        const Json* digests = BARTIZAN_TRY_WITHIN(object_field(entry, "digest"), "policy");
        policies.push_back({BARTIZAN_TRY_WITHIN(text_field(entry, "name"), "policy"),
                            BARTIZAN_TRY_WITHIN(text_field(*digests, "sha256"), "policy")});
    }
    return policies;
}

Result<void> read_predicate(const Json& predicate, Attestation& out) {
    const Json* verifier = BARTIZAN_TRY(object_field(predicate, "verifier"));
    out.verifier = BARTIZAN_TRY_WITHIN(text_field(*verifier, "id"), "verifier");
    out.policies = BARTIZAN_TRY_WITHIN(read_policies(*verifier), "verifier");
    out.time = BARTIZAN_TRY(text_field(predicate, "timeCreated"));
    const Json* properties = BARTIZAN_TRY(list_field(predicate, "properties"));
    if (properties->size() > kMostProperties)
        return exhausted("more than " + std::to_string(kMostProperties) + " properties");
    for (const Json& property : *properties) {
        if (!property.is_string()) return unexpected("properties", "a list of texts", property.type_name());
        out.properties.push_back(property.get<std::string>());
    }
    return {};
}

}  // namespace

std::string write_attestation(const Attestation& attestation) {
    Json policies = Json::array();
    for (const auto& policy : attestation.policies)
        policies.push_back({{"name", policy.name}, {"digest", {{"sha256", policy.sha256}}}});
    const Json subject = {{"name", attestation.subject}, {"digest", {{"sha256", attestation.root}}}};
    const Json verifier = {{"id", attestation.verifier}, {"policies", std::move(policies)}};
    const Json document = {
        {"_type", kStatementType},
        {"subject", Json::array({subject})},
        {"predicateType", kVerificationPredicate},
        {"predicate",
         {{"verifier", verifier}, {"timeCreated", attestation.time}, {"properties", attestation.properties}}}};
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Attestation> parse_attestation(std::string_view text) {
    const Json document = BARTIZAN_TRY_WITHIN(parse_json(text), "attestation");
    if (!document.is_object()) return unexpected("attestation", "an object", document.type_name());
    BARTIZAN_TRY(expect_text(document, "_type", kStatementType));
    BARTIZAN_TRY(expect_text(document, "predicateType", kVerificationPredicate));
    const Json* subjects = BARTIZAN_TRY(list_field(document, "subject"));
    if (subjects->size() != 1)
        return unexpected("subject", "one subject", std::to_string(subjects->size()) + " subjects");
    Attestation out;
    const Json* digests = BARTIZAN_TRY_WITHIN(object_field((*subjects)[0], "digest"), "subject");
    out.subject = BARTIZAN_TRY_WITHIN(text_field((*subjects)[0], "name"), "subject");
    out.root = BARTIZAN_TRY_WITHIN(text_field(*digests, "sha256"), "subject digest");
    const Json* predicate = BARTIZAN_TRY(object_field(document, "predicate"));
    BARTIZAN_TRY_WITHIN(read_predicate(*predicate, out), "predicate");
    return out;
}

}  // namespace bartizan::provenance

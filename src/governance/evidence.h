#pragma once
/// Evidence: what a check gave about the bytes of one subject, at one time. It never changes; it expires, a newer one
/// of the same check takes its place, and it may be disputed. Plain values; pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"
#include "governance/catalogue.h"

namespace bartizan::governance {

enum class Verdict : std::uint8_t { pass, fail, inconclusive, error };
/// "pass"
std::string_view to_string(Verdict verdict);
Result<Verdict> verdict_from(std::string_view word);

/// What evidence of the organisation, which has no bytes, has in place of a digest.
inline constexpr std::string_view kOrganisation = "organisation";
/// What a check is called whose evidence attests a requirement directly: "requirement:nist-ai-rmf@1.0:GOVERN 1.1".
inline constexpr std::string_view kAttests = "requirement:";

struct Evidence {
    std::int64_t number = 0;  ///< in the order of recording, from 1
    std::string id = {};      ///< "ev-" and 16 digits of the SHA-256 of its canonical form
    std::string check = {};
    std::string subject = {};  ///< "model:fashion@3", "file:model.onnx", "organisation"
    std::string digest = {};   ///< SHA-256 of the subject's bytes, or "organisation"
    Method method = Method::test;
    Verdict verdict = Verdict::inconclusive;
    std::optional<double> value = {}, low = {}, high = {};  ///< with its 95 % interval
    std::int64_t samples = 0;
    std::string unit = {};
    std::string summary = {};                   ///< one line
    std::vector<std::string> limitations = {};  ///< what this does not show
    std::string tool = {};                      ///< "bartizan audit", and what it was called with
    std::string report_digest = {};             ///< SHA-256 of the report it was read from
    std::int64_t collected = 0;                 ///< seconds since 1970
    std::int64_t expires = 0;
    std::string origin = {};  ///< "server": it ran the check itself; "caller": somebody sent the result
    std::int64_t recorded = 0;
    std::string recorded_by = {};
    std::optional<std::string> disputed = {};  ///< why
    std::int64_t entry = -1;                   ///< of the ledger; -1: not known
};

/// The members that its id and the ledger cover.
Json body_of(const Evidence& evidence);
Json to_json(const Evidence& evidence);
/// What `body_of` wrote. Fails with `invalid_input`.
Result<void> read_body(const Json& body, Evidence& evidence);

/// The verdict of a value by the check's threshold: the pessimistic end of the interval must pass. Fewer samples than
/// the check asks for are inconclusive. Nothing when the check has no threshold.
std::optional<Verdict> judge(const Check& check, const Evidence& evidence);

/// Fills verdict (by threshold, where there is one), expiry and id, and checks the rest. Fails with `invalid_input`:
/// unknown check, a subject of a kind that the check is not about, a digest that is none, a time in the future.
Result<void> complete(const Framework& framework, Evidence& evidence, std::int64_t now);

/// "model:fashion@3" is a model, "data:x@1" data, "organisation" that; a file may be both.
Result<SubjectKind> kind_of_subject(std::string_view subject);
bool is_digest(std::string_view text);

}  // namespace bartizan::governance

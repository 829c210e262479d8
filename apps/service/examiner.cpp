#include "apps/service/examiner.h"

#include "apps/service/child.h"
#include "core/json.h"

namespace bartizan::program {
namespace {

constexpr std::chrono::minutes kPatience{5};
constexpr std::chrono::minutes kAuditPatience{60};

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The worst of what a scan says about a file, as one line.
std::string worst_of(const Json& file) {
    for (const char* severity : {"critical", "high", "medium", "low"})
        if (const auto findings = file.find("findings"); findings != file.end() && findings->is_array())
            for (const Json& finding : *findings)
                if (text_of(finding, "severity") == severity)
                    return text_of(finding, "rule") + " " + text_of(finding, "title");
    return {};
}

}  // namespace

Result<registry::Check> ProgramExaminer::scan(const std::filesystem::path& file) {
    const auto output = BARTIZAN_TRY(
        run_child(program_, {"scan", file.string(), "--format", "json", "--quiet", "--fail-on", "never"}, kPatience));
    const auto json = parse_json(output.out);
    const bool told = json.ok() && json->is_object() && json->contains("files") && (*json)["files"].is_array() &&
                      (*json)["files"].size() == 1 && (*json)["files"][0].is_object();
    // A scanner that fell over has found nothing to be clean.
    if (!told) return registry::Check{"scan", "incomplete", {}, "the scanner failed on it"};
    const Json& one = (*json)["files"][0];
    const std::string verdict = text_of(one, "verdict");
    return registry::Check{"scan", verdict.empty() ? "incomplete" : verdict, {}, worst_of(one)};
}

Result<registry::Check> ProgramExaminer::verify(const std::filesystem::path& file,
                                                const std::filesystem::path& signature,
                                                const std::vector<std::filesystem::path>& signers) {
    registry::Check check{"signature", "failed", {}, "the server trusts no signer: name one in 'trusted_signers'"};
    for (const std::filesystem::path& signer : signers) {
        const auto output = BARTIZAN_TRY(run_child(program_,
                                                   {"verify", file.string(), "--key", signer.string(), "--signature",
                                                    signature.string(), "--format", "json", "--quiet"},
                                                   kPatience));
        const auto json = parse_json(output.out);
        if (!json.ok() || !json->is_object()) {
            check.detail = "it is no signature that can be read";
            continue;
        }
        check.detail = text_of(*json, "reason");
        if (output.status == 0 && json->value("verified", Json()) == Json(true)) {
            check.verdict = "verified";
            return check;
        }
    }
    return check;
}

Result<std::string> ProgramExaminer::audit(const std::filesystem::path& model, const std::filesystem::path& data) {
    const auto out = model.parent_path() / "audit";
    const auto output =
        BARTIZAN_TRY(run_child(program_,
                               {"audit", model.string(), "--data", data.string(), "--plan", "quick", "--out",
                                out.string(), "--fail-on", "never", "--quiet", "--format", "json"},
                               kAuditPatience, std::size_t{64} << 20));
    if (output.status != 0) return Error(Errc::unavailable, "the audit failed: " + output.errors.substr(0, 500));
    return output.out;
}

}  // namespace bartizan::program

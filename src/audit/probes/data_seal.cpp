/// Probe "data-seal": is the training data what was sealed? The verdict is that of `bartizan data verify`.
#include <filesystem>

#include <fmt/format.h>

#include "audit/probes/probes.h"
#include "core/file.h"
#include "lineage/findings.h"
#include "report/rules.h"

namespace bartizan::audit::data_seal {
namespace {

constexpr std::uint64_t kLongestKeyFile = 64 * 1024;

/// The path of PATH[:SPLIT].
std::filesystem::path path_of(const std::string& spec) {
    std::error_code error;
    if (std::filesystem::exists(spec, error)) return spec;
    return spec.substr(0, spec.rfind(':'));
}

class DataSeal final : public Probe {
public:
    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.training.spec.empty()) return "the training data were not given (--train-data)";
        if (subject.training.key.empty())
            return "no key was given to verify the seal of the training data (--data-key)";
        return std::nullopt;
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const std::string& key = subject.training.key;
        lineage::VerifyRequest request;
        request.data_set = path_of(subject.training.spec);
        request.manifest = lineage::default_manifest(request.data_set);
        request.seal = lineage::default_seal(request.manifest);
        const std::string pem = BARTIZAN_TRY_WITHIN(read_file(key, kLongestKeyFile), "--data-key");
        request.trust.key = BARTIZAN_TRY_WITHIN(crypto::PublicKey::from_pem(pem), "--data-key '" + key + "'");
        request.trust.kinds = provenance::KeyKinds::all;
        std::vector<lineage::Difference> differences;
        const auto verdict =
            BARTIZAN_TRY(lineage::verify(request, ctx, [&](const lineage::Difference& difference) -> Result<void> {
                if (differences.size() < lineage::kMostShownItems) differences.push_back(difference);
                return {};
            }));
        if (!verdict.verified) return lineage::findings_of(request.data_set.string(), verdict, differences);
        return std::vector<Finding>{held(subject, request, verdict)};
    }

private:
    static Finding held(const Subject& subject, const lineage::VerifyRequest& request,
                        const lineage::Verdict& verdict) {
        Finding finding = begin_finding(report::rule::kDataNotAsSealed, subject);
        finding.asset = request.data_set.string();
        finding.title = fmt::format("The training data are what was sealed: {} items, version {}", verdict.same,
                                    verdict.statement->version);
        finding.explanation = fmt::format("Sealed at {} by {}.", verdict.statement->sealed_at, verdict.signer->name);
        finding.remediation = "Nothing; verify again before the next training.";
        finding.evidence = {{.name = "same", .value = double(verdict.same), .unit = "items", .note = {}}};
        return finding;
    }
};

}  // namespace

std::unique_ptr<Probe> make(const Params&) { return std::make_unique<DataSeal>(); }

}  // namespace bartizan::audit::data_seal

#pragma once
/// What is found out about a version when it comes in, by programs of their own: the process that holds keys parses no
/// model. The program that runs the service wires it.

#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "registry/model.h"

namespace bartizan::gateway {

/// Thread rule: may be called from several threads at once.
class Examiner {
public:
    virtual ~Examiner() = default;
    /// The check "scan". Fails when the scanner itself does.
    virtual Result<registry::Check> scan(const std::filesystem::path& file) = 0;
    /// The check "signature": is `signature` that of one of the signers (PEM files) over `file`, or over the manifest
    /// that it is?
    virtual Result<registry::Check> verify(const std::filesystem::path& file, const std::filesystem::path& signature,
                                           const std::vector<std::filesystem::path>& signers) = 0;
    /// The report of a quick audit of a model on reference data. Takes minutes. Fails with `unsupported` where audits
    /// cannot be run.
    virtual Result<std::string> audit(const std::filesystem::path& /*model*/, const std::filesystem::path& /*data*/) {
        return unsupported("audits are not run here");
    }
};

}  // namespace bartizan::gateway

#pragma once
/// What the signing commands share: pass phrases, certificates, paths to leave out, and how work is run and timed.

#include <ctime>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"
#include "core/progress.h"
#include "crypto/certificate.h"
#include "crypto/secret.h"

namespace bartizan::program {

/// From --passphrase-file, else from BARTIZAN_PASSPHRASE, else none.
Result<crypto::Passphrase> passphrase_of(const cli::Invocation& invocation);

/// All certificates of the files given with an option that may be repeated.
Result<std::vector<crypto::Certificate>> certificates_of(const cli::Invocation& invocation, const char* option);

/// The paths of --ignore as names below the model; none when the model is one file.
Result<std::vector<std::string>> ignored_of(const cli::Invocation& invocation, const std::string& model);

/// Threads as asked for, progress on standard error.
class Work {
public:
    explicit Work(const cli::Invocation& invocation);
    const RunContext& context() const { return context_; }

private:
    TextProgress progress_;
    RunContext context_;
};

/// Now; the time that SOURCE_DATE_EPOCH tells (reproducible-builds.org), when it is set.
std::time_t document_time();

}  // namespace bartizan::program

#pragma once
/// What `bartizan privacy` measures beside membership, each only when asked for.

#include <memory>
#include <string>

#include "bartizan/finding.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"
#include "core/json.h"
#include "data/dataset.h"
#include "data/member_pool.h"
#include "model/classifier.h"

namespace bartizan::engine {

struct PrivacyPool : data::MemberPool {
    data::Info info;
};

/// A part of the result.
struct PrivacyPart {
    Json json;
    std::string text;
    Severity severity = Severity::info;
};

/// `--attribute COLUMN[+COLUMN...]`: can the value of a column be learnt from the model? Several columns are those of a
/// one-hot group. Fails with `unsupported` on anything but a table, `invalid_input` on a column that is not there, has one
/// value, or too few records.
Result<PrivacyPart> attribute_part(const cli::Invocation& invocation, const PrivacyPool& pool,
                                   const model::Classifier& classifier, RunContext& ctx);

/// `--invert DIR`: class images, a PNG for each class, and how like the members' class means they are, beside those of the
/// same network with fresh weights. Fails with `unsupported` where the model gives no gradient.
Result<PrivacyPart> inversion_part(const cli::Invocation& invocation, const PrivacyPool& pool,
                                   const std::shared_ptr<const model::Classifier>& classifier, RunContext& ctx);

}  // namespace bartizan::engine

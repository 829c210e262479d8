#pragma once
/// The models that `bartizan backdoor` holds a model against: named ones, results of their scans, and ones that it
/// trains itself.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/trojan_record.h"
#include "cli/command.h"
#include "data/dataset.h"
#include "data/input_contract.h"
#include "model/classifier.h"
#include "model/column_scaling.h"

namespace bartizan::engine {

/// What is the same for the model and its references.
struct TrojanSetting {
    data::Info info;                   ///< of the clean data; without it only the item shape
    std::optional<data::Batch> clean;  ///< in [0, 1]
    std::optional<model::ColumnRanges> columns;
    defences::TrojanOptions options;

    const data::Batch* rows() const { return clean ? &*clean : nullptr; }
};

Result<std::shared_ptr<const model::Classifier>> trojan_classifier(std::shared_ptr<const model::Model> model,
                                                                   const TrojanSetting& setting,
                                                                   const data::InputContract& contract);

struct TrojanReferences {
    std::vector<defences::ClassStatistics> measured;
    std::vector<double> made_accuracies;  ///< of those trained here, on rows held out
};

/// Those of --reference, models or results (*.json), and of --make-references.
Result<TrojanReferences> trojan_references(const cli::Invocation& invocation, const TrojanSetting& setting,
                                           RunContext& ctx);

}  // namespace bartizan::engine

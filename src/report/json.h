#pragma once
/// The audit as one JSON document, "bartizan.audit/1": the fields of docs/schema/audit.schema.json. Curves and tables
/// are in it in full; of pictures only captions, sizes and paths. Numbers that JSON lacks (NaN) become null.
/// Thread rule: pure functions. Cannot fail.

#include "bartizan/finding.h"
#include "core/json.h"

namespace bartizan::report {

Json report_json(const Report& report);

/// The parts, for other documents that carry findings.
Json finding_json(const Finding& finding);
Json measurement_json(const Measurement& measurement);
Json asset_json(const Asset& asset);

}  // namespace bartizan::report

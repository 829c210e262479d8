#pragma once
/// What an audit does: threat model, sample counts, which probes with which parameters. Defaults come from the kind
/// of data; a plan file (YAML) overrides them:
///
///     norm: linf
///     eps: 8/255          # the reference radius
///     samples: 256        # rows that the attacks work on
///     probes:
///       evasion-whitebox: {steps: 50}
///       corruption: off
/// Thread rule: plain values.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/params.h"
#include "bartizan/result.h"
#include "catalog/attacks.h"
#include "catalog/probes.h"
#include "data/dataset.h"

namespace bartizan::audit {

struct PlannedProbe {
    const catalog::ProbeSpec* spec;
    Params params;
    std::optional<double> expected_seconds = {};  ///< at most about; see cost.h
};

struct Plan {
    catalog::Norm norm = catalog::Norm::linf;
    double eps = 0;                    ///< reference radius, in data units
    std::int64_t samples = 256;        ///< rows that the attacks work on
    std::vector<PlannedProbe> probes;  ///< in the order of the catalogue

    /// The radii of the curve: 1/8, 1/4, 1/2, 1 and 2 times the reference.
    std::vector<double> curve() const;
};

/// The radius that the field reports for this kind of data: linf 8/255 for colour images, 0.1 for grey ones (0.3 only
/// where images are nearly black and white), 0.05 for tables; l2 0.5 and 1.5; l1 12 and 10.
double reference_eps(const data::Info& info, catalog::Norm norm);

/// Plans that are there by name: "quick" (two minutes on a small model), "standard" (every probe with its defaults), "deep".
bool is_named_plan(std::string_view name);
/// Fails with `not_found` on another name.
Result<Plan> named_plan(std::string_view name, const data::Info& info);
/// Every probe with its defaults: "standard".
Result<Plan> default_plan(const data::Info& info);
/// The default plan, changed by a YAML text of at most 64 KiB. Fails with `invalid_input` naming the line.
Result<Plan> parse_plan(std::string_view yaml, const data::Info& info);
Result<Plan> read_plan(const std::filesystem::path& path, const data::Info& info);

}  // namespace bartizan::audit

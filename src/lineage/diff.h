#pragma once
/// Two versions of a data set by their manifests: which items came, went, changed or were renamed, and how the
/// distributions of label, source, licence, tags and size moved. Streams; memory does not grow with the items.
/// Thread rule: pure but for the files.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "lineage/manifest.h"

namespace bartizan::lineage {

enum class Step : std::uint8_t { added, removed, content, label, origin, renamed };
std::string_view to_string(Step step);
inline constexpr std::size_t kSteps = 6;

/// One item that is not the same in both.
struct ItemStep {
    Step step = Step::added;
    std::string id;
    std::string before, after;  ///< digests, labels; of a renamed item its old and new id; else empty
};

/// How many items have each value, before and after.
struct Shift {
    std::string name;  ///< "label", "source", "licence", "tag", "size"
    std::map<std::string, std::array<std::uint64_t, 2>> counts;
    std::array<std::uint64_t, 2> others{};  ///< values beyond `kMostLabels`

    void add(const std::string& value, std::size_t side);
    /// Half the sum of the differences of the shares: 0 the same distribution, 1 nothing in common. The values that are
    /// counted together as others count as one. 1 when one side alone is empty, 0 when both are.
    double total_variation() const;
};

struct DiffSide {
    std::filesystem::path manifest;
    IdRule rule = IdRule::path;
};

struct Diff {
    std::array<std::uint64_t, 2> items{}, bytes{};
    std::uint64_t same = 0;
    std::array<std::uint64_t, kSteps> steps{};  ///< by `Step`; an item whose content and label changed counts in both
    std::vector<Shift> shifts;
    std::uint64_t count(Step step) const { return steps[static_cast<std::size_t>(step)]; }
};

/// Calls `tell` for every step, by id; then for the renamed ones (same content, gone under one id, come under another),
/// which are among the added and removed too. Fails with `invalid_input` naming the manifest and the line.
Result<Diff> diff(const DiffSide& before, const DiffSide& after, const RunContext& context,
                  const std::function<Result<void>(const ItemStep&)>& tell);

}  // namespace bartizan::lineage

/// `bartizan data diff BEFORE AFTER`: what changed between two versions of a data set.
#include "lineage/diff.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apps/cli/data_options.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace {

using lineage::Step;

constexpr std::array<Step, lineage::kSteps> kAllSteps = {Step::added, Step::removed, Step::content,
                                                         Step::label, Step::origin,  Step::renamed};
/// So many values of a distribution are shown as text, those that moved most.
constexpr std::size_t kMostValues = 10;

/// The manifest of a data set, or the manifest itself; its seal is beside it.
Result<SealPlace> place_of(const std::string& word) {
    std::error_code ignored;
    const auto beside = lineage::default_manifest(word);
    if (std::filesystem::exists(beside, ignored)) return SealPlace{beside, lineage::default_seal(beside)};
    if (std::filesystem::is_regular_file(word, ignored)) return SealPlace{word, lineage::default_seal(word)};
    return Error(Errc::not_found, "there is no manifest '" + word + "', nor one of a data set of that name",
                 "make one with `bartizan data seal`");
}

/// With a key the seal must hold; without, it only tells how ids are formed.
Result<lineage::DiffSide> side_of(const SealPlace& place, const provenance::Trust* trust) {
    lineage::DiffSide side{place.manifest, lineage::IdRule::path};
    if (trust != nullptr) {
        const auto sealed = BARTIZAN_TRY_WITHIN(lineage::open_sealed(place.manifest, place.seal, *trust),
                                                "'" + place.manifest.string() + "'");
        side.rule = lineage::id_rule(sealed.statement.reading.unit);
        return side;
    }
    std::error_code ignored;
    if (!std::filesystem::exists(place.seal, ignored)) return side;
    side.rule = lineage::id_rule(BARTIZAN_TRY(lineage::read_unchecked_seal(place.seal)).reading.unit);
    return side;
}

Json json_of(const lineage::ItemStep& step) {
    Json json = {{"id", step.id}};
    if (step.step == Step::renamed) return {{"from", step.before}, {"to", step.after}};
    if (step.step != Step::content && step.step != Step::label) return json;
    json["before"] = step.before;
    json["after"] = step.after;
    return json;
}

Json json_of(const lineage::Shift& shift) {
    Json values = Json::array();
    for (const auto& [value, count] : shift.counts)
        values.push_back({{"value", value}, {"before", count[0]}, {"after", count[1]}});
    return {{"name", shift.name},
            {"total_variation", shift.total_variation()},
            {"others", {{"before", shift.others[0]}, {"after", shift.others[1]}}},
            {"values", std::move(values)}};
}

using Listed = std::array<std::vector<lineage::ItemStep>, lineage::kSteps>;

Json as_json(Json json, const lineage::Diff& diff, const Listed& listed) {
    json["items"] = {{"before", diff.items[0]}, {"after", diff.items[1]}, {"same", diff.same}};
    json["bytes"] = {{"before", diff.bytes[0]}, {"after", diff.bytes[1]}};
    bool all = true;
    for (const Step step : kAllSteps) json["counts"][std::string(to_string(step))] = diff.count(step);
    for (const Step step : kAllSteps) {
        const auto& list = listed[static_cast<std::size_t>(step)];
        Json entries = Json::array();
        for (const lineage::ItemStep& entry : list) entries.push_back(json_of(entry));
        json[std::string(to_string(step))] = std::move(entries);
        all = all && list.size() == diff.count(step);
    }
    json["all_listed"] = all;
    json["distributions"] = Json::array();
    for (const lineage::Shift& shift : diff.shifts) json["distributions"].push_back(json_of(shift));
    return json;
}

std::string line_of(const lineage::ItemStep& step) {
    if (step.step == Step::renamed)
        return fmt::format("{} -> {}", cli::printable(step.before), cli::printable(step.after));
    if (step.step == Step::label)
        return fmt::format("{}: '{}' -> '{}'", cli::printable(step.id), cli::printable(step.before),
                           cli::printable(step.after));
    return cli::printable(step.id);
}

std::string as_text(const lineage::Shift& shift) {
    if (shift.counts.size() < 2 && shift.total_variation() == 0) return {};
    std::string text =
        fmt::format("{:<11}{} moved by {:.4f} (total variation)\n", "", shift.name, shift.total_variation());
    std::vector<std::pair<std::string, std::array<std::uint64_t, 2>>> values(shift.counts.begin(), shift.counts.end());
    const auto gap = [](const auto& value) {
        return std::max(value.second[0], value.second[1]) - std::min(value.second[0], value.second[1]);
    };
    std::ranges::stable_sort(values, [&](const auto& a, const auto& b) { return gap(a) > gap(b); });
    for (std::size_t i = 0; i < std::min(kMostValues, values.size()) && gap(values[i]) > 0; ++i)
        text += fmt::format("{:<13}{}: {} -> {}\n", "",
                            values[i].first.empty() ? "(none)" : cli::printable(values[i].first), values[i].second[0],
                            values[i].second[1]);
    return text;
}

std::string as_text(const lineage::Diff& diff, const Listed& listed) {
    std::string text =
        fmt::format("{:<11}{} before, {} after, {} the same\n", "items", diff.items[0], diff.items[1], diff.same);
    for (const Step step : kAllSteps) {
        if (diff.count(step) == 0) continue;
        text += fmt::format("{:<11}{}\n", to_string(step), diff.count(step));
        const auto& list = listed[static_cast<std::size_t>(step)];
        const std::size_t shown = std::min(kMostShownItems, list.size());
        for (std::size_t i = 0; i < shown; ++i) text += fmt::format("{:<11}{}\n", "", line_of(list[i]));
        if (diff.count(step) > shown) text += fmt::format("{:<11}and {} more\n", "", diff.count(step) - shown);
    }
    text += "distributions\n";
    for (const lineage::Shift& shift : diff.shifts) text += as_text(shift);
    return text;
}

}  // namespace

Result<int> data_diff(const cli::Invocation& invocation) {
    std::optional<provenance::Trust> trust;
    if (invocation.has("key")) trust = BARTIZAN_TRY(sealer_of(invocation));
    const SealPlace before = BARTIZAN_TRY(place_of(invocation.positional(0)));
    const SealPlace after = BARTIZAN_TRY(place_of(invocation.positional(1)));
    Json json = cli::document(invocation);
    json["before"] = before.manifest.string();
    json["after"] = after.manifest.string();
    json["seals_checked"] = trust.has_value();
    const auto first = side_of(before, trust ? &*trust : nullptr);
    const auto second = first.ok() ? side_of(after, trust ? &*trust : nullptr) : first;
    if (!second.ok()) {
        if (second.error().code() != Errc::denied) return second.error();
        json["verified"] = false;
        json["reason"] = second.error().line();
        BARTIZAN_TRY(
            cli::print(invocation, json, fmt::format("NOT VALID  {}\n", cli::printable(second.error().line()))));
        return 1;
    }
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    auto changes = BARTIZAN_TRY(ChangesFile::open(invocation));
    Listed listed;
    const Work work(invocation);
    const auto diff = BARTIZAN_TRY(lineage::diff(*first, *second, work.context(), [&](const lineage::ItemStep& step) {
        auto& list = listed[static_cast<std::size_t>(step.step)];
        if (list.size() < kMostListed) list.push_back(step);
        Json line = {{"change", to_string(step.step)}};
        line.update(json_of(step));
        return changes.add(line);
    }));
    BARTIZAN_TRY(changes.close());
    if (trust) json["verified"] = true;
    json = as_json(std::move(json), diff, listed);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(diff, listed)));
    return 0;
}

}  // namespace bartizan::program

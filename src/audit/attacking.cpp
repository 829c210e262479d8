#include "audit/attacking.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "data/pictures.h"

namespace bartizan::audit {

Result<attacks::RunResult> carry_out(const Subject& subject, const Order& order, const RunContext& ctx) {
    const attacks::ThreatModel threat{.norm = subject.norm, .eps = order.eps};
    const auto attack = BARTIZAN_TRY(attacks::make_attack(order.attack, threat, order.params));
    const data::Batch part = BARTIZAN_TRY(select(subject.batch, order.rows));
    RunContext own = ctx;
    attacks::RunResult result = BARTIZAN_TRY_WITHIN(
        attacks::run(*subject.classifier, *attack, threat, part, own), fmt::format("attack '{}'", order.attack));
    if (!result.complete) return Error(Errc::cancelled, "stopped before its end");
    return result;
}

std::vector<std::uint8_t> robust_rows(const attacks::RunResult& result) {
    std::vector<std::uint8_t> robust(result.clean_ok.size());
    for (std::size_t i = 0; i < robust.size(); ++i)
        robust[i] = result.clean_ok[i] != 0 && result.success[i] == 0 ? 1 : 0;
    return robust;
}

Measurement proportion(std::string name, std::int64_t part, std::int64_t whole, std::string note) {
    const Interval interval = wilson_interval(part, whole);
    return {.name = std::move(name),
            .value = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole),
            .unit = "fraction",
            .low = interval.low,
            .high = interval.high,
            .samples = whole,
            .note = std::move(note)};
}

std::string eps_text(double eps) {
    const double steps = eps * 255;
    if (eps < 0.2 && std::abs(steps - std::round(steps)) < 1e-6) return fmt::format("{:.0f}/255", steps);
    return fmt::format("{:.3g}", eps);
}

Result<std::vector<PictureRow>> picture_rows(const Subject& subject, const attacks::RunResult& result,
                                             std::int64_t count) {
    std::vector<PictureRow> rows;
    if (!is_picture(subject.info)) return rows;
    for (std::size_t i = 0; i < result.success.size() && static_cast<std::int64_t>(rows.size()) < count; ++i) {
        if (result.success[i] == 0) continue;
        const auto before = BARTIZAN_TRY(find_row(subject.batch, result.ids[i]));
        const NdArray after = BARTIZAN_TRY(result.adversarial.rows(static_cast<std::int64_t>(i), 1));
        PictureRow row = BARTIZAN_TRY(before_after(subject.info, before, after));
        const auto& names = subject.info.class_names;
        row.title = fmt::format("Item {}: “{}” is read as “{}”", result.ids[i],
                                class_name(names, result.labels[i]),
                                class_name(names, result.predicted_adversarial[i]));
        row.pictures[0].caption = "original: " + class_name(names, result.predicted_clean[i]);
        row.pictures[1].caption = "attacked: " + class_name(names, result.predicted_adversarial[i]);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace bartizan::audit

#include "lineage/diff.h"

#include <bit>
#include <cmath>
#include <deque>

namespace bartizan::lineage {
namespace {

constexpr std::array<std::string_view, kSteps> kStepNames = {"added", "removed", "content",
                                                             "label", "origin",  "renamed"};
constexpr std::uint64_t kStride = 4096;
/// Among items of one and the same content at most so many wait for their partner.
constexpr std::size_t kMostWaiting = 10'000;

/// "64 to 127 bytes" as a value that sorts by size.
std::string size_class(std::uint64_t size) {
    if (size == 0) return "0";
    const auto power = static_cast<unsigned>(std::bit_width(size) - 1);
    return (power < 10 ? "2^0" : "2^") + std::to_string(power);
}

class Comparing {
public:
    Comparing(const RunContext& context, const std::function<Result<void>(const ItemStep&)>& tell)
        : context_(context), tell_(tell), by_content_(default_scratch()) {
        for (const char* name : {"label", "source", "licence", "tag", "size"}) out_.shifts.push_back({name, {}, {}});
    }

    Result<Diff> run(SortedManifest& before, SortedManifest& after) {
        auto a = BARTIZAN_TRY(before.next());
        auto b = BARTIZAN_TRY(after.next());
        while (a || b) {
            const int order = !b ? -1 : !a ? 1 : a->item.id.compare(b->item.id);
            if (order < 0) BARTIZAN_TRY(alone(a->item, 0));
            if (order > 0) BARTIZAN_TRY(alone(b->item, 1));
            if (order == 0) BARTIZAN_TRY(both(a->item, b->item));
            if (order <= 0) a = BARTIZAN_TRY(before.next());
            if (order >= 0) b = BARTIZAN_TRY(after.next());
            if (++seen_ % kStride == 0) {
                context_.progress({"comparing", seen_, 0, "items"});
                BARTIZAN_TRY(context_.checkpoint());
            }
        }
        context_.progress_finish();
        BARTIZAN_TRY(renamed());
        return std::move(out_);
    }

private:
    Result<void> step(Step kind, std::string id, std::string before = {}, std::string after = {}) {
        ++out_.steps[static_cast<std::size_t>(kind)];
        return tell_({kind, std::move(id), std::move(before), std::move(after)});
    }

    void count(const Item& item, std::size_t side) {
        ++out_.items[side];
        out_.bytes[side] += item.size;
        out_.shifts[0].add(item.label, side);
        out_.shifts[1].add(item.origin.source, side);
        out_.shifts[2].add(item.origin.licence, side);
        for (const std::string& tag : item.origin.tags) out_.shifts[3].add(tag, side);
        out_.shifts[4].add(size_class(item.size), side);
    }

    Result<void> alone(const Item& item, std::size_t side) {
        count(item, side);
        BARTIZAN_TRY(by_content_.add(item.sha256, (side == 0 ? "0" : "1") + item.id));
        return step(side == 0 ? Step::removed : Step::added, item.id);
    }

    Result<void> both(const Item& a, const Item& b) {
        count(a, 0);
        count(b, 1);
        const bool content = a.sha256 != b.sha256 || a.size != b.size;
        if (content) BARTIZAN_TRY(step(Step::content, a.id, a.sha256, b.sha256));
        if (a.label != b.label) BARTIZAN_TRY(step(Step::label, a.id, a.label, b.label));
        if (a.origin != b.origin) BARTIZAN_TRY(step(Step::origin, a.id));
        if (!content && a.label == b.label && a.origin == b.origin) ++out_.same;
        return {};
    }

    /// What went and what came with the same content are partners, in the order of their ids.
    Result<void> renamed() {
        BARTIZAN_TRY(by_content_.sort());
        std::string digest;
        std::array<std::deque<std::string>, 2> waiting;
        while (const auto record = BARTIZAN_TRY(by_content_.next())) {
            if (record->key != digest) waiting = {};
            digest = record->key;
            const std::size_t side = record->value.front() == '0' ? 0 : 1;
            const std::string id(record->value.substr(1));
            auto& partners = waiting[1 - side];
            if (partners.empty()) {
                if (waiting[side].size() < kMostWaiting) waiting[side].push_back(id);
                continue;
            }
            const std::string partner = partners.front();
            partners.pop_front();
            BARTIZAN_TRY(
                step(Step::renamed, side == 0 ? partner : id, side == 0 ? id : partner, side == 0 ? partner : id));
        }
        return {};
    }

    const RunContext& context_;
    const std::function<Result<void>(const ItemStep&)>& tell_;
    Sorter by_content_;
    Diff out_;
    std::uint64_t seen_ = 0;
};

Result<SortedManifest> open(const DiffSide& side) {
    const std::string place = "manifest '" + side.manifest.string() + "'";
    const auto surveyed = BARTIZAN_TRY_WITHIN(survey(side.manifest, side.rule), place);
    return SortedManifest::open(side.manifest, side.rule, surveyed.facts.in_order, default_scratch()).within(place);
}

}  // namespace

std::string_view to_string(Step step) { return kStepNames[static_cast<std::size_t>(step)]; }

void Shift::add(const std::string& value, std::size_t side) {
    const auto found = counts.find(value);
    if (found != counts.end())
        ++found->second[side];
    else if (counts.size() < kMostLabels)
        ++counts[value][side];
    else
        ++others[side];
}

double Shift::total_variation() const {
    std::array<double, 2> total{static_cast<double>(others[0]), static_cast<double>(others[1])};
    for (const auto& [value, count] : counts)
        for (std::size_t side = 0; side < 2; ++side) total[side] += static_cast<double>(count[side]);
    if (total[0] == 0 || total[1] == 0) return total[0] == total[1] ? 0 : 1;
    const auto gap = [&](const std::array<std::uint64_t, 2>& count) {
        return std::abs(static_cast<double>(count[0]) / total[0] - static_cast<double>(count[1]) / total[1]);
    };
    double sum = gap(others);
    for (const auto& [value, count] : counts) sum += gap(count);
    return sum / 2;
}

Result<Diff> diff(const DiffSide& before, const DiffSide& after, const RunContext& context,
                  const std::function<Result<void>(const ItemStep&)>& tell) {
    SortedManifest a = BARTIZAN_TRY(open(before));
    SortedManifest b = BARTIZAN_TRY(open(after));
    return Comparing(context, tell).run(a, b);
}

}  // namespace bartizan::lineage

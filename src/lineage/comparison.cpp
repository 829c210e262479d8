#include "lineage/comparison.h"

#include <array>

namespace bartizan::lineage {
namespace {

/// So many items, or so many bytes to hash, make a batch.
constexpr std::size_t kBatchItems = 2048;
constexpr std::uint64_t kBatchBytes = std::uint64_t{1} << 30;

class Walk {
public:
    Walk(SortedManifest* sealed, Items& items, Times times, std::uint64_t expected, const RunContext& context,
         const std::function<Result<void>(Pair&)>& take)
        : sealed_(sealed), items_(items), times_(times), expected_(expected), context_(context), take_(take) {}

    Result<void> run() {
        if (sealed_ != nullptr) entry_ = BARTIZAN_TRY(sealed_->next());
        found_ = BARTIZAN_TRY(items_.next());
        while (entry_ || found_) {
            batch_.push_back(BARTIZAN_TRY(next_pair()));
            if (const auto& found = batch_.back().found) bytes_ += batch_.back().reused ? 0 : found->item.size;
            if (batch_.size() == kBatchItems || bytes_ >= kBatchBytes) BARTIZAN_TRY(flush());
        }
        BARTIZAN_TRY(flush());
        context_.progress_finish();
        return {};
    }

private:
    Result<Pair> next_pair() {
        Pair pair;
        const bool take_entry = entry_ && (!found_ || entry_->item.id <= found_->item.id);
        const bool take_found = found_ && (!entry_ || found_->item.id <= entry_->item.id);
        if (take_entry) {
            pair.sealed = std::move(entry_);
            entry_ = BARTIZAN_TRY(sealed_->next());
        }
        if (take_found) {
            pair.found = std::move(found_);
            found_ = BARTIZAN_TRY(items_.next());
        }
        if (take_entry && take_found && times_ == Times::trust) reuse(pair);
        return pair;
    }

    static void reuse(Pair& pair) {
        const Item& sealed = pair.sealed->item;
        Item& there = pair.found->item;
        if (!there.sha256.empty() || !sealed.seen || sealed.seen != there.seen || sealed.size != there.size) return;
        there.sha256 = sealed.sha256;
        pair.reused = true;
    }

    Result<void> flush() {
        std::vector<Found> wanted;
        for (Pair& pair : batch_)
            if (pair.found) wanted.push_back(std::move(*pair.found));
        BARTIZAN_TRY(hash_found(wanted, context_));
        std::size_t next = 0;
        for (Pair& pair : batch_)
            if (pair.found) pair.found = std::move(wanted[next++]);
        for (Pair& pair : batch_) BARTIZAN_TRY(take_(pair));
        done_ += batch_.size();
        batch_.clear();
        bytes_ = 0;
        context_.progress({"items", done_, expected_, "items"});
        return context_.checkpoint();
    }

    SortedManifest* sealed_;
    Items& items_;
    Times times_;
    std::uint64_t expected_;
    const RunContext& context_;
    const std::function<Result<void>(Pair&)>& take_;
    std::optional<Entry> entry_;
    std::optional<Found> found_;
    std::vector<Pair> batch_;
    std::uint64_t bytes_ = 0, done_ = 0;
};

constexpr std::array<std::string_view, 5> kChanges = {"same", "changed", "missing", "added", "unreadable"};

}  // namespace

std::string_view to_string(Change change) { return kChanges[static_cast<std::size_t>(change)]; }

Change Pair::change() const {
    if (!found) return Change::missing;
    if (!found->refused.empty()) return Change::unreadable;
    if (!sealed) return Change::added;
    return what_changed().empty() ? Change::same : Change::changed;
}

std::string Pair::what_changed() const {
    const Item& then = sealed->item;
    const Item& now = found->item;
    std::string what = then.sha256 != now.sha256 || then.size != now.size ? "content" : "";
    if (then.label != now.label) what += what.empty() ? "label" : ", label";
    return what;
}

Result<void> compare(SortedManifest* sealed, Items& items, Times times, std::uint64_t expected,
                     const RunContext& context, const std::function<Result<void>(Pair&)>& take) {
    return Walk(sealed, items, times, expected, context, take).run();
}

}  // namespace bartizan::lineage

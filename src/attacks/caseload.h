#pragma once
/// The samples of a job while an attack works on them: which are still open, what was found, what was spent.
/// An open sample sits in a slot; slots are numbered from 0 without gaps, so that a batch is the first `open()` rows
/// of each of the attack's buffers. When samples are closed, the last open ones move into their slots.
/// Thread rule: one caseload per thread.

#include <cstdint>
#include <vector>

#include "attacks/forward_pass.h"
#include "attacks/job.h"
#include "attacks/loss.h"

namespace bartizan::attacks {

class Caseload {
public:
    Caseload(const Job& job, bool targeted);

    std::int64_t open() const { return static_cast<std::int64_t>(slots_.size()); }
    bool all_closed() const { return slots_.empty(); }

    std::int64_t label(std::int64_t slot) const { return labels_[row(slot)]; }
    std::uint64_t id(std::int64_t slot) const { return static_cast<std::uint64_t>(ids_[row(slot)]); }
    ConstRow clean(std::int64_t slot) const { return clean_[static_cast<std::int64_t>(row(slot))]; }
    /// All clean samples, in slot order as long as none was closed.
    const Rows& clean_rows() const { return clean_; }
    /// Misclassified; in a targeted job: classified as wanted.
    bool reached(std::int64_t slot, ConstRow logits) const { return (predicted(logits) == label(slot)) == targeted_; }

    void spend(std::int64_t slot, std::int64_t queries, std::int64_t gradients) {
        queries_[row(slot)] += queries;
        gradients_[row(slot)] += gradients;
    }
    /// For every open slot.
    void spend_all(std::int64_t queries, std::int64_t gradients);

    /// Keeps `found` as the answer; the sample stays open.
    void keep(std::int64_t slot, ConstRow found);
    /// Marks the sample as done; `close_marked` then frees its slot.
    void mark(std::int64_t slot) { marked_[static_cast<std::size_t>(slot)] = 1; }
    void solve(std::int64_t slot, ConstRow found) {
        keep(slot, found);
        mark(slot);
    }
    bool is_marked(std::int64_t slot) const { return marked_[static_cast<std::size_t>(slot)] != 0; }

    /// Frees the slots of marked samples. `move(to, from)` moves the attack's own rows along.
    template <class Move>
    void close_marked(const Move& move) {
        for (std::int64_t slot = open() - 1; slot >= 0; --slot) {
            if (!is_marked(slot)) continue;
            const std::int64_t last = open() - 1;
            if (slot != last) move(slot, last);
            slots_[static_cast<std::size_t>(slot)] = slots_.back();
            marked_[static_cast<std::size_t>(slot)] = marked_.back();
            slots_.pop_back();
            marked_.pop_back();
        }
    }

    Outcome outcome() const;

private:
    std::size_t row(std::int64_t slot) const { return slots_[static_cast<std::size_t>(slot)]; }

    bool targeted_;
    Rows clean_;
    Rows found_;
    std::vector<std::int64_t> labels_, ids_, queries_, gradients_;
    std::vector<std::uint8_t> success_;
    std::vector<std::size_t> slots_;
    std::vector<std::uint8_t> marked_;
};

}  // namespace bartizan::attacks

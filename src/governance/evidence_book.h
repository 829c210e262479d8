#pragma once
/// All evidence, in the database and the ledger, with the newest of each check and subject in memory: what states are
/// read from. Evidence of other processes is noticed by `refresh`.
/// Cost: about 100 bytes of memory for each subject and check. Thread rule: all members may be called from any thread.

#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "governance/evidence.h"
#include "journal/journal.h"

namespace bartizan::governance {

/// The newest evidence of one check about one digest, as far as states need it.
struct Newest {
    std::uint32_t check = 0;  ///< of the framework; attestations: kRequirementsFrom + the requirement
    Verdict verdict = Verdict::inconclusive;
    Method method = Method::test;
    bool disputed = false;
    std::int64_t collected = 0;
    std::int64_t expires = 0;
    std::int64_t number = 0;
};
inline constexpr std::uint32_t kRequirementsFrom = 1U << 20;

struct EvidenceQuery {
    std::string subject = {};  ///< as written, or without "@VERSION" all of an asset; empty: any
    std::string digest = {};
    std::string check = {};
    std::int64_t before = 0;  ///< only lower numbers; 0: all
    std::size_t limit = 100;
};

class EvidenceBook final {
public:
    using Clock = std::function<std::int64_t()>;
    static constexpr std::size_t kMostAtOnce = 64;  ///< pieces in one entry of the ledger

    /// All must outlive the book.
    EvidenceBook(journal::Journal& journal, const Framework& framework, Clock clock)
        : journal_(journal), framework_(framework), clock_(std::move(clock)) {}

    /// Completes, checks and records; each is in the ledger when this returns. The same once more is not recorded
    /// again. Fails with `invalid_input` naming the piece; then none is recorded.
    Result<std::vector<Evidence>> add(const std::string& actor, std::vector<Evidence> pieces);
    Result<Evidence> find(const std::string& id);
    Result<Evidence> by_number(std::int64_t number);
    /// Newest first.
    Result<std::vector<Evidence>> list(const EvidenceQuery& query);
    /// It counts as inconclusive from now on, and stays. Fails with `conflict` when it is disputed already.
    Result<Evidence> dispute(const std::string& actor, const std::string& id, const std::string& reason);
    Result<void> refresh();
    std::int64_t count() const;

    /// Calls `see` with what is known of a digest, under a lock that keeps others from adding.
    class Reader {
    public:
        explicit Reader(const EvidenceBook& book) : lock_(book.mutex_), book_(book) {}
        std::span<const Newest> of(const std::string& digest) const;

    private:
        std::shared_lock<std::shared_mutex> lock_;
        const EvidenceBook& book_;
    };

private:
    Result<void> note_entry(std::vector<Evidence>& pieces, const std::vector<Evidence>& fresh, std::int64_t entry);
    Result<void> load_new();
    Result<void> load_disputes();
    void remember(const std::string& digest, const Newest& one);

    journal::Journal& journal_;
    const Framework& framework_;
    Clock clock_;
    std::mutex loading_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<std::string, std::vector<Newest>> by_digest_;
    std::int64_t seen_ = 0;  ///< the highest number in memory
    std::int64_t seen_disputes_ = 0;
};

}  // namespace bartizan::governance

#pragma once
/// Queries that are nearly the same as earlier ones: what attacks that see answers alone cannot do without. A query's
/// fingerprint is its largest window hashes (Blacklight, Li et al. 2022); a query that shares half of them with an
/// earlier one continues that one's chain, and a chain that grows is an attack at work (the chains are those of Query
/// Provenance Analysis, Li et al. 2024). The verdict is about a chain and those who built it, never about one query:
/// a caller who is told of a hit searches for queries that make none (OARS, Feng et al. 2023).
/// Thread rule: a `Fingerprinter` is immutable once it has learnt; a `SimilarityHistory` is used by one thread at a
/// time.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace bartizan::monitor {

inline constexpr std::size_t kFingerprintHashes = 50;
/// Shorter rows have too few windows to be told apart by them.
inline constexpr std::size_t kShortestFingerprinted = 64;
/// A fingerprint of fewer hashes is of something without content, a black picture: it is like nothing.
inline constexpr std::size_t kLeastHashes = 10;

struct Fingerprint {
    std::array<std::uint64_t, kFingerprintHashes> hashes{};  ///< ascending
    std::size_t count = 0;
    std::uint64_t exact = 0;  ///< of every element as it is
};

/// Elements are quantised with a secret offset each, and windows of them hashed by a secret polynomial.
class Fingerprinter {
public:
    struct Options {
        double low = 0, high = 1;  ///< range of the elements
        std::size_t window = 20;   ///< elements
        double levels = 5.1;       ///< steps of the range; Blacklight's 50 of 255
    };
    /// Whoever knows `key` can make queries that collide, or do not.
    Fingerprinter(std::uint64_t key, std::size_t length, const Options& options);
    Fingerprinter(std::uint64_t key, std::size_t length) : Fingerprinter(key, length, Options()) {}

    /// Windows that more than `share` of the rows have in common (a dark border) say nothing, and are left out from
    /// here on. `rows`: [n, length].
    void learn(std::span<const float> rows, double share = 0.02);
    /// `row`: `length` elements. Cost: O(length).
    Fingerprint operator()(std::span<const float> row) const;

private:
    template <class Use>
    void windows(std::span<const float> row, const Use& use) const;

    std::uint64_t key_, multiplier_, last_power_;
    std::size_t length_;
    Options options_;
    std::vector<float> offsets_;
    std::unordered_set<std::uint64_t> common_;
};

/// From a hash to the newest query that has it. Open addressing; at most half full.
class HashIndex {
public:
    explicit HashIndex(std::size_t most);
    std::optional<std::uint32_t> find(std::uint64_t hash) const;
    void put(std::uint64_t hash, std::uint32_t slot);
    /// Only if it still leads to `slot`.
    void erase(std::uint64_t hash, std::uint32_t slot);

private:
    struct Entry {
        std::uint64_t hash = 0;
        std::uint32_t slot = kNone;
    };
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::size_t home(std::uint64_t hash) const { return hash & (entries_.size() - 1); }
    std::vector<Entry> entries_;
};

struct Sighting {
    enum class Kind : std::uint8_t { fresh, repeat, near };
    Kind kind = Kind::fresh;   ///< repeat: bit for bit the same as one before, which no attack needs
    double shared = 0;         ///< share of the fingerprint
    std::uint32_t chain = 0;   ///< its number
    std::uint64_t length = 0;  ///< changed queries of the chain so far
    bool alarm = false;        ///< the chain reached the limit with this query
};

/// The last queries of one model, of all accounts. Bounded: `capacity` queries of 430 bytes and as many entries of 16
/// bytes for each hash, twice; no account holds more than a quarter, so that none pushes the others out, or its own
/// chain, which lives as long as its newest query does.
class SimilarityHistory {
public:
    struct Options {
        std::size_t capacity = 8192;
        double like = 0.5;         ///< shared hashes of two that count as nearly the same
        std::uint64_t limit = 25;  ///< changed queries of a chain that are an alarm, and each doubling of it
    };
    SimilarityHistory() : SimilarityHistory(Options()) {}
    explicit SimilarityHistory(const Options& options);

    Sighting see(std::uint64_t account, const Fingerprint& query);
    /// Who built the chain, with how many queries; the 16 first that did.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> builders(std::uint32_t chain) const;
    std::size_t size() const { return slots_.size() - free_.size(); }

private:
    struct Slot {
        Fingerprint query;
        std::uint64_t account = 0;
        std::uint64_t number = 0;  ///< of the query; 0: empty
        std::uint32_t chain = 0;
    };
    struct Place {
        std::uint32_t slot = 0;
        std::uint64_t number = 0;
    };
    struct Chain {
        std::uint64_t changed = 0;
        std::uint64_t next_alarm = 0;
        std::size_t alive = 0;  ///< queries in the history
        std::vector<std::pair<std::uint64_t, std::uint64_t>> accounts;
    };
    void drop(std::uint32_t slot);
    void make_room(std::uint64_t account);
    std::uint32_t oldest();
    std::optional<std::pair<std::uint32_t, std::size_t>> most_alike(const Fingerprint& query) const;

    Options options_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::deque<Place> order_;  ///< oldest first; a place whose slot has another number is empty
    std::unordered_map<std::uint64_t, std::deque<std::uint32_t>> held_;  ///< of each account, oldest first
    std::unordered_map<std::uint32_t, Chain> chains_;
    std::uint32_t next_chain_ = 1;
    std::uint64_t next_number_ = 1;
    HashIndex index_;
};

}  // namespace bartizan::monitor

#include "monitor/similarity.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/random.h"

namespace bartizan::monitor {
namespace similarity {
namespace {

constexpr std::uint32_t kOffsets = 610'000;
constexpr std::size_t kMostBuilders = 16;
constexpr double kAccountShare = 0.25;

/// Finaliser of MurmurHash3: every bit of the input moves every bit of the output.
std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdULL;
    value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33);
}

/// Of two ascending lists.
std::size_t shared(const Fingerprint& a, const Fingerprint& b) {
    std::size_t i = 0, j = 0, same = 0;
    while (i < a.count && j < b.count) {
        same += a.hashes[i] == b.hashes[j] ? 1 : 0;
        const bool step_a = a.hashes[i] <= b.hashes[j], step_b = b.hashes[j] <= a.hashes[i];
        i += step_a ? 1 : 0;
        j += step_b ? 1 : 0;
    }
    return same;
}

}  // namespace
}  // namespace similarity

Fingerprinter::Fingerprinter(std::uint64_t key, std::size_t length, const Options& options)
    : key_(similarity::mixed(key)),
      multiplier_(similarity::mixed(key_ + 1) | 1),
      last_power_(1),
      length_(length),
      options_(options),
      offsets_(length) {
    Random random(key, length, similarity::kOffsets);
    random.fill_uniform(offsets_, 0, 1);
    for (std::size_t i = 0; i + 1 < options_.window; ++i) last_power_ *= multiplier_;
}

/// Calls `use(hash)` for each window, in order. A polynomial of the window's levels rolls along; only its mixed value
/// is seen.
template <class Use>
void Fingerprinter::windows(std::span<const float> row, const Use& use) const {
    const auto scale = static_cast<float>(1 / (options_.high - options_.low));
    const auto low = static_cast<float>(options_.low), steps = static_cast<float>(options_.levels);
    std::vector<std::uint32_t> levels(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
        float unit = std::clamp((row[i] - low) * scale, 0.0F, 1.0F) + offsets_[i];
        unit -= unit >= 1 ? 1.0F : 0.0F;
        levels[i] = static_cast<std::uint32_t>(unit * steps) + 1;
    }
    std::uint64_t rolling = 0;
    for (std::size_t i = 0; i < levels.size(); ++i) {
        if (i >= options_.window) rolling -= levels[i - options_.window] * last_power_;
        rolling = rolling * multiplier_ + levels[i];
        // Its place is part of a window: the offsets make it so for all but plain stretches.
        if (i + 1 >= options_.window) use(similarity::mixed(rolling ^ (key_ + i)));
    }
}

void Fingerprinter::learn(std::span<const float> rows, double share) {
    std::unordered_map<std::uint64_t, std::size_t> held;
    const std::size_t count = rows.size() / length_;
    std::vector<std::uint64_t> of_row;
    for (std::size_t i = 0; i < count; ++i) {
        of_row.clear();
        windows(rows.subspan(i * length_, length_), [&](std::uint64_t hash) { of_row.push_back(hash); });
        std::ranges::sort(of_row);
        of_row.erase(std::unique(of_row.begin(), of_row.end()), of_row.end());
        for (const std::uint64_t hash : of_row) ++held[hash];
    }
    const double most = std::max(1.0, share * static_cast<double>(count));
    for (const auto& [hash, rows_with_it] : held)
        if (static_cast<double>(rows_with_it) > most) common_.insert(hash);
}

Fingerprint Fingerprinter::operator()(std::span<const float> row) const {
    Fingerprint out;
    out.exact = key_;
    for (const float value : row) out.exact = (out.exact ^ std::bit_cast<std::uint32_t>(value)) * multiplier_;
    out.exact = similarity::mixed(out.exact);
    std::vector<std::uint64_t> all;
    all.reserve(row.size());
    windows(row, [&](std::uint64_t hash) {
        if (!common_.contains(hash)) all.push_back(hash);
    });
    const std::size_t kept = std::min(all.size(), kFingerprintHashes);
    std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(kept), std::greater<>());
    all.resize(kept);
    std::ranges::reverse(all);
    out.count = static_cast<std::size_t>(std::unique(all.begin(), all.end()) - all.begin());
    std::copy_n(all.begin(), out.count, out.hashes.begin());
    return out;
}

HashIndex::HashIndex(std::size_t most) : entries_(std::bit_ceil(2 * most + 2)) {}

std::optional<std::uint32_t> HashIndex::find(std::uint64_t hash) const {
    for (std::size_t at = home(hash); entries_[at].slot != kNone; at = home(at + 1))
        if (entries_[at].hash == hash) return entries_[at].slot;
    return {};
}

void HashIndex::put(std::uint64_t hash, std::uint32_t slot) {
    std::size_t at = home(hash);
    while (entries_[at].slot != kNone && entries_[at].hash != hash) at = home(at + 1);
    entries_[at] = {hash, slot};
}

/// Entries behind the gap move up, as far as their home allows (Knuth, volume 3, algorithm R).
void HashIndex::erase(std::uint64_t hash, std::uint32_t slot) {
    std::size_t gap = home(hash);
    while (entries_[gap].slot != kNone && entries_[gap].hash != hash) gap = home(gap + 1);
    if (entries_[gap].slot != slot) return;
    const std::size_t mask = entries_.size() - 1;
    for (std::size_t at = home(gap + 1); entries_[at].slot != kNone; at = home(at + 1)) {
        if (((at - home(entries_[at].hash)) & mask) < ((at - gap) & mask)) continue;
        entries_[gap] = entries_[at];
        gap = at;
    }
    entries_[gap] = {};
}

SimilarityHistory::SimilarityHistory(const Options& options)
    : options_(options), slots_(options.capacity), index_(options.capacity * kFingerprintHashes) {
    for (std::size_t i = options.capacity; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

std::optional<std::pair<std::uint32_t, std::size_t>> SimilarityHistory::most_alike(const Fingerprint& query) const {
    std::array<std::uint32_t, kFingerprintHashes> candidates{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < query.count; ++i)
        if (const auto slot = index_.find(query.hashes[i])) candidates[count++] = *slot;
    std::sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count));
    std::optional<std::pair<std::uint32_t, std::size_t>> best;
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0 && candidates[i] == candidates[i - 1]) continue;
        const std::size_t same = similarity::shared(query, slots_[candidates[i]].query);
        if (!best || same > best->second) best = {candidates[i], same};
    }
    return best;
}

void SimilarityHistory::drop(std::uint32_t slot) {
    Slot& gone = slots_[slot];
    for (std::size_t i = 0; i < gone.query.count; ++i) index_.erase(gone.query.hashes[i], slot);
    const auto held = held_.find(gone.account);
    held->second.pop_front();  // what goes is the oldest of its account
    if (held->second.empty()) held_.erase(held);
    if (auto chain = chains_.find(gone.chain); chain != chains_.end() && --chain->second.alive == 0)
        chains_.erase(chain);
    gone.number = 0;
    free_.push_back(slot);
}

/// Of all accounts. Places that others left empty go on the way.
std::uint32_t SimilarityHistory::oldest() {
    while (slots_[order_.front().slot].number != order_.front().number) order_.pop_front();
    return order_.front().slot;
}

void SimilarityHistory::make_room(std::uint64_t account) {
    if (order_.size() > 2 * slots_.size())
        std::erase_if(order_, [&](const Place& place) { return slots_[place.slot].number != place.number; });
    const auto most = std::max<std::size_t>(
        1, static_cast<std::size_t>(similarity::kAccountShare * static_cast<double>(options_.capacity)));
    const auto held = held_.find(account);
    if (held != held_.end() && held->second.size() >= most) return drop(held->second.front());
    if (free_.empty()) drop(oldest());
}

Sighting SimilarityHistory::see(std::uint64_t account, const Fingerprint& query) {
    Sighting seen;
    if (query.count < kLeastHashes) return seen;
    const auto best = most_alike(query);
    if (best) {
        seen.shared = static_cast<double>(best->second) / static_cast<double>(query.count);
        if (slots_[best->first].query.exact == query.exact) {
            seen.kind = Sighting::Kind::repeat;
            return seen;
        }
        if (seen.shared >= options_.like) {
            seen.kind = Sighting::Kind::near;
            seen.chain = slots_[best->first].chain;
        }
    }
    if (seen.chain == 0) seen.chain = next_chain_++;
    Chain& chain = chains_[seen.chain];
    ++chain.alive;  // before room is made: the chain that goes on is not the one that ends
    if (seen.kind == Sighting::Kind::near) {
        seen.length = ++chain.changed;
        if (chain.next_alarm == 0) chain.next_alarm = options_.limit;
        seen.alarm = chain.changed >= chain.next_alarm;
        if (seen.alarm) chain.next_alarm *= 2;
    }
    const auto builder = std::ranges::find(chain.accounts, account, [](const auto& one) { return one.first; });
    if (builder != chain.accounts.end())
        ++builder->second;
    else if (chain.accounts.size() < similarity::kMostBuilders)
        chain.accounts.emplace_back(account, 1);
    make_room(account);
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    slots_[slot] = {query, account, next_number_++, seen.chain};
    for (std::size_t i = 0; i < query.count; ++i) index_.put(query.hashes[i], slot);
    order_.push_back({slot, slots_[slot].number});
    held_[account].push_back(slot);
    return seen;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> SimilarityHistory::builders(std::uint32_t chain) const {
    const auto found = chains_.find(chain);
    return found == chains_.end() ? decltype(Chain::accounts){} : found->second.accounts;
}

}  // namespace bartizan::monitor

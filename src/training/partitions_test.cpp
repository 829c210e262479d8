/// Deep partition aggregation: the promise held against every poisoned set of a tiny problem.
#include "training/partitions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "core/random.h"
#include "model/classifier.h"
#include "model/shards.h"
#include "training/blobs_testing.h"
#include "training/layers.h"
#include "training/vote.h"

namespace bartizan::training::partition_tests {
namespace {

constexpr std::int64_t kParts = 5;
constexpr std::uint64_t kSeed = 7;

Network network() {
    Layers layers({4}, 1);
    layers.dense(2);
    return {.graph = std::move(layers).finish("line"), .contract = {}, .classes = 2};
}

data::Batch items(std::int64_t count, std::uint64_t seed) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return Blobs(count, seed).read(all).value();
}

data::Batch chosen(const data::Batch& pool, const std::vector<std::int64_t>& rows) {
    data::Batch out;
    std::vector<float> values;
    for (const std::int64_t row : rows) {
        const auto own = pool.x.values<float>().subspan(static_cast<std::size_t>(row) * 4, 4);
        values.insert(values.end(), own.begin(), own.end());
        out.y.push_back(pool.y[static_cast<std::size_t>(row)]);
        out.ids.push_back(std::ssize(out.ids));
    }
    out.x = NdArray::from<float>({std::ssize(rows), 4}, std::span<const float>(values)).value();
    return out;
}

/// Trains on any set of items; a part that was seen before is not trained again.
class Ensemble {
public:
    explicit Ensemble(const data::Batch& test) : test_(test) {}

    std::vector<Vote> votes(const data::Batch& pool) {
        const auto parts = partition_rows(pool.x, pool.y, kParts);
        std::vector<std::vector<std::int64_t>> counts(test_.y.size(), {0, 0});
        for (std::size_t number = 0; number < parts.size(); ++number) {
            const std::vector<std::int64_t>& said = answers(number, chosen(pool, parts[number]));
            for (std::size_t i = 0; i < said.size(); ++i) ++counts[i][static_cast<std::size_t>(said[i])];
        }
        std::vector<Vote> out;
        for (const auto& one : counts) out.push_back(decide(one));
        return out;
    }

private:
    const std::vector<std::int64_t>& answers(std::size_t number, const data::Batch& part) {
        std::vector<float> key(part.x.values<float>().begin(), part.x.values<float>().end());
        for (const std::int64_t label : part.y) key.push_back(static_cast<float>(label));
        const auto [place, fresh] = known_.try_emplace({number, key});
        if (!fresh) return place->second;
        const Part made = train_part(network(), part, static_cast<std::int64_t>(number),
                                     {.epochs = 3, .batch_size = 4, .learning_rate = 0.3}, kSeed)
                              .value();
        EXPECT_EQ(made.trained, part.y.size() > 1);
        const auto classifier = model::make_classifier(model::from_graph(made.graph).value(), {4}, {}).value();
        RunContext ctx({.threads = 1});
        const NdArray logits = model::predict(*classifier, test_.x, ctx).value();
        for (std::size_t i = 0; i < test_.y.size(); ++i)
            place->second.push_back(logits.values<float>()[2 * i + 1] > logits.values<float>()[2 * i] ? 1 : 0);
        return place->second;
    }

    const data::Batch& test_;
    std::map<std::pair<std::size_t, std::vector<float>>, std::vector<std::int64_t>> known_;
};

/// One change of the training set: an item of the set goes or is relabelled, or one from outside comes.
struct Change {
    enum class Kind { remove, relabel, insert } kind;
    std::int64_t item;
};

data::Batch changed(const data::Batch& whole, std::int64_t inside, const std::vector<Change>& changes) {
    std::vector<std::int64_t> rows;
    std::set<std::int64_t> turned;
    for (std::int64_t row = 0; row < inside; ++row)
        if (std::ranges::none_of(
                changes, [&](const Change& one) { return one.kind == Change::Kind::remove && one.item == row; }))
            rows.push_back(row);
    for (const Change& one : changes) {
        if (one.kind == Change::Kind::insert) rows.push_back(one.item);
        if (one.kind == Change::Kind::relabel) turned.insert(one.item);
    }
    data::Batch out = chosen(whole, rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (turned.contains(rows[i])) out.y[i] = 1 - out.y[i];
    return out;
}

TEST(Partitions, NoSetOfChangesWithinTheRadiusTurnsAnAnswer) {
    constexpr std::int64_t kInside = 14, kOutside = 6;
    data::Batch whole = items(kInside + kOutside, 21);
    for (std::size_t row = kInside; row < whole.y.size(); ++row) whole.y[row] = 1 - whole.y[row];  // poison
    const data::Batch test = items(40, 22);
    Ensemble ensemble(test);
    std::vector<std::int64_t> clean(kInside);
    std::iota(clean.begin(), clean.end(), 0);
    const std::vector<Vote> before = ensemble.votes(chosen(whole, clean));
    std::vector<Change> all;
    for (std::int64_t row = 0; row < kInside; ++row) {
        all.push_back({Change::Kind::remove, row});
        all.push_back({Change::Kind::relabel, row});
    }
    for (std::int64_t row = kInside; row < kInside + kOutside; ++row) all.push_back({Change::Kind::insert, row});

    int turned_beyond = 0, held_within = 0;
    const auto hold = [&](const std::vector<Change>& changes) {
        const std::vector<Vote> after = ensemble.votes(changed(whole, kInside, changes));
        for (std::size_t i = 0; i < before.size(); ++i) {
            if (before[i].radius >= std::ssize(changes)) {
                ++held_within;
                ASSERT_EQ(after[i].winner, before[i].winner) << "test item " << i;
            } else if (after[i].winner != before[i].winner) {
                ++turned_beyond;
            }
        }
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
        hold({all[i]});
        for (std::size_t j = i + 1; j < all.size(); ++j)
            if (all[i].item != all[j].item || all[i].kind == all[j].kind) hold({all[i], all[j]});
    }
    EXPECT_GT(held_within, 500) << "there must be certificates to break";
    EXPECT_GT(turned_beyond, 0) << "and poison that works where there are none";
}

TEST(Partitions, AnItemComesToItsPartWhateverItsLabelPlaceAndCompany) {
    const data::Batch whole = items(60, 3);
    const auto parts = partition_rows(whole.x, whole.y, 7);
    std::vector<std::int64_t> part_of(60, -1);
    for (std::size_t number = 0; number < parts.size(); ++number)
        for (const std::int64_t row : parts[number]) part_of[static_cast<std::size_t>(row)] = static_cast<int>(number);
    EXPECT_EQ(std::ranges::count(part_of, -1), 0);
    std::vector<std::int64_t> shuffled = permutation(60, 9);
    shuffled.resize(41);
    data::Batch other = chosen(whole, shuffled);
    for (std::int64_t& label : other.y) label = 1 - label;
    const auto again = partition_rows(other.x, other.y, 7);
    for (std::size_t number = 0; number < again.size(); ++number) {
        std::vector<std::int64_t> there, here;
        for (const std::int64_t row : again[number]) there.push_back(shuffled[static_cast<std::size_t>(row)]);
        for (const std::int64_t row : parts[number])
            if (std::ranges::find(shuffled, row) != shuffled.end()) here.push_back(row);
        EXPECT_EQ(there, here) << "the same items in the same order";
    }
}

TEST(Partitions, TheSameItemsInAnotherOrderGiveTheSameNetworksOnAnyNumberOfThreads) {
    const data::Batch whole = items(80, 4);
    const data::Batch shuffled = chosen(whole, permutation(80, 1));
    const PartitionOptions options{.parts = 6, .training = {.epochs = 2, .batch_size = 8}};
    RunContext one({.seed = 5, .threads = 1}), three({.seed = 5, .threads = 3});
    const auto a = train_partitions(network(), whole, options, one).value();
    const auto b = train_partitions(network(), shuffled, options, three).value();
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += a[i].items;
        EXPECT_EQ(a[i].items, b[i].items);
        for (const auto& [name, array] : a[i].graph.initializers)
            EXPECT_TRUE(std::ranges::equal(array.bytes(), b[i].graph.initializers.at(name).bytes())) << name;
    }
    EXPECT_EQ(sum, 80);
}

TEST(Partitions, PartsThatCannotBeTrainedOnGiveAFreshNetworkAndNoError) {
    const auto few = train_partitions(network(), items(3, 2), {.parts = 40, .training = {.epochs = 1}},
                                      *std::make_unique<RunContext>(RunContext::Options{.seed = 1, .threads = 1}));
    ASSERT_TRUE(few.ok()) << few.error().line();
    EXPECT_GT(std::ranges::count_if(*few, [](const Part& part) { return !part.trained; }), 36);
    data::Batch wild = items(20, 2);
    for (float& value : wild.x.mutable_values<float>()) value *= 1e30F;
    const Part diverged = train_part(network(), wild, 0, {.epochs = 3, .learning_rate = 100}, 1).value();
    EXPECT_FALSE(diverged.trained);
    for (const auto& [name, array] : diverged.graph.initializers)
        for (const float value : array.values<float>()) EXPECT_TRUE(std::isfinite(value)) << name;
}

TEST(Partitions, RefusesALabelWithoutAClass) {
    data::Batch batch = items(10, 2);
    batch.y[4] = 2;
    RunContext ctx({.threads = 1});
    const auto made = train_partitions(network(), batch, {.parts = 2}, ctx);
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().line().find("row 4"), std::string::npos) << made.error().line();
}

}  // namespace
}  // namespace bartizan::training::partition_tests

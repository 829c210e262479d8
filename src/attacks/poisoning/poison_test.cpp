/// Laws that every poisoning attack of the catalogue keeps, and the layouts of pictures.
#include "attacks/poisoning/poison.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::attacks::poison_tests {
namespace {

constexpr std::int64_t kItems = 200;

data::Batch batch_of(Shape shape) {
    data::Batch batch;
    std::vector<float> values(static_cast<std::size_t>(element_count(shape).value()));
    Random(8, 0).fill_uniform(values, 0, 1);
    batch.x = NdArray::from<float>(shape, std::span<const float>(values)).value();
    for (std::int64_t i = 0; i < kItems; ++i) batch.y.push_back(i % 4), batch.ids.push_back(i);
    return batch;
}

data::Batch batch_for(const catalog::PoisonSpec& spec) {
    return spec.data_kind == "table" ? batch_of({kItems, 12}) : batch_of({kItems, 8, 8});
}

PoisonJob job_for(const catalog::PoisonSpec& spec, std::uint64_t seed = 1) {
    return {.spec = &spec, .params = Params::make(spec.params, {}).value(), .rate = 0.1, .target = 2, .seed = seed};
}

std::vector<float> row_of(const NdArray& x, std::int64_t row) {
    const NdArray one = x.rows(row, 1).value();
    return {one.values<float>().begin(), one.values<float>().end()};
}

class EveryPoison : public ::testing::TestWithParam<catalog::PoisonSpec> {};

TEST_P(EveryPoison, ChangesTheRowsOfItsGroundTruthAndNoOther) {
    const data::Batch clean = batch_for(GetParam());
    const Poisoning made = poison(clean, job_for(GetParam())).value();
    ASSERT_FALSE(made.set.rows.empty());
    EXPECT_EQ(made.set.x.shape(), clean.x.shape());
    for (std::int64_t row = 0; row < kItems; ++row) {
        const auto at = static_cast<std::size_t>(row);
        const bool poisoned = std::ranges::binary_search(made.set.rows, row);
        const bool cover = std::ranges::binary_search(made.set.covers, row);
        EXPECT_FALSE(poisoned && cover);
        const bool changed = row_of(made.set.x, row) != row_of(clean.x, row);
        EXPECT_EQ(changed, (poisoned || cover) && GetParam().has_trigger) << row;
        if (!poisoned || GetParam().keeps_labels) EXPECT_EQ(made.set.y[at], clean.y[at]) << row;
        if (poisoned) EXPECT_EQ(made.set.y[at], 2) << row;
    }
}

TEST_P(EveryPoison, SameSeedGivesSameBytes) {
    const data::Batch clean = batch_for(GetParam());
    const Poisoning a = poison(clean, job_for(GetParam())).value(), b = poison(clean, job_for(GetParam())).value();
    EXPECT_TRUE(std::ranges::equal(a.set.x.bytes(), b.set.x.bytes()));
    EXPECT_EQ(a.set.rows, b.set.rows);
    EXPECT_NE(a.set.rows, poison(clean, job_for(GetParam(), 2)).value().set.rows);
}

TEST_P(EveryPoison, ThePoisonedItemsBearTheTriggerOfTheTestSet) {
    const data::Batch clean = batch_for(GetParam());
    const Poisoning made = poison(clean, job_for(GetParam())).value();
    if (!made.stamp) {
        EXPECT_FALSE(triggered_set(clean, made, 2).ok());
        return;
    }
    const NdArray all = made.stamp(clean.x).value();
    for (const std::int64_t row : made.set.rows) EXPECT_EQ(row_of(made.set.x, row), row_of(all, row)) << row;
    const TriggeredSet test = triggered_set(clean, made, 2, made.set.rows).value();
    std::size_t at = 0;
    for (std::int64_t row = 0; row < kItems; ++row) {
        const std::int64_t label = clean.y[static_cast<std::size_t>(row)];
        const bool left_out = std::ranges::binary_search(made.set.rows, row);
        if (left_out || label == 2 || (made.source && label != *made.source)) continue;
        ASSERT_LT(at, test.y.size());
        EXPECT_EQ(test.y_true[at], label);
        EXPECT_EQ(row_of(test.x, static_cast<std::int64_t>(at++)), row_of(all, row));
    }
    EXPECT_EQ(at, test.y.size());
}

TEST_P(EveryPoison, RefusesAClassThatNobodyHas) {
    PoisonJob job = job_for(GetParam());
    job.target = 77;
    EXPECT_FALSE(poison(batch_for(GetParam()), job).ok());
    data::Batch unlabelled = batch_for(GetParam());
    unlabelled.y.clear();
    EXPECT_FALSE(poison(unlabelled, job_for(GetParam())).ok());
}

TEST_P(EveryPoison, RefusesDataOfAnotherKind) {
    if (GetParam().data_kind == "any") return;
    const data::Batch other = GetParam().data_kind == "table" ? batch_of({kItems, 8, 8}) : batch_of({kItems, 12});
    EXPECT_FALSE(poison(other, job_for(GetParam())).ok());
}

/// Those that need data alone; crafted_test.cpp and trojan_test.cpp have the others.
std::vector<catalog::PoisonSpec> of_data() {
    std::vector<catalog::PoisonSpec> out;
    for (const catalog::PoisonSpec& spec : catalog::poisons())
        if (!spec.needs_model && spec.data_kind != "model") out.push_back(spec);
    return out;
}

INSTANTIATE_TEST_SUITE_P(All, EveryPoison, ::testing::ValuesIn(of_data()), [](const auto& info) {
    std::string name(info.param.name);
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(PoisonLayouts, ChannelsLastIsPoisonedAsChannelsFirst) {
    const catalog::PoisonSpec& spec = *catalog::find_poison("badnets").value();
    const data::Batch last = batch_of({kItems, 8, 10, 3});
    const Poisoning made = poison(last, job_for(spec)).value();
    ASSERT_EQ(made.set.x.shape(), last.x.shape());
    const std::vector<float> picture = row_of(made.set.x, made.set.rows[0]), before = row_of(last.x, made.set.rows[0]);
    for (std::int64_t i = 0; i < std::ssize(picture); ++i) {
        const std::int64_t row = i / 30, column = i / 3 % 10;
        const bool patch = row >= 4 && row <= 6 && column >= 6 && column <= 8;
        const auto at = static_cast<std::size_t>(i);
        EXPECT_EQ(picture[at], patch ? ((row + column) % 2 == 0 ? 1.0F : 0.0F) : before[at]) << i;
    }
}

TEST(PoisonLayouts, PicturesOutsideOfTheUnitRangeAreRefused) {
    data::Batch batch = batch_of({kItems, 8, 8});
    batch.x.mutable_values<float>()[70] = 255;
    const auto made = poison(batch, job_for(*catalog::find_poison("blend").value()));
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().line().find("row 1"), std::string::npos) << made.error().line();
}

TEST(Tact, TurnsItemsOfItsSourceClassAndCoversTheOthers) {
    const catalog::PoisonSpec& spec = *catalog::find_poison("tact").value();
    PoisonJob job = job_for(spec);
    job.params = Params::make(spec.params, {{"source", "1"}, {"covers", "2"}}).value();
    const Poisoning made = poison(batch_of({kItems, 8, 8}), job).value();
    EXPECT_EQ(made.set.rows.size(), 20U);
    EXPECT_EQ(made.set.covers.size(), 40U);
    for (const std::int64_t row : made.set.rows) EXPECT_EQ(row % 4, 1);
    for (const std::int64_t row : made.set.covers) EXPECT_TRUE(row % 4 == 0 || row % 4 == 3) << row;
    job.params = Params::make(spec.params, {{"source", "2"}}).value();
    EXPECT_FALSE(poison(batch_of({kItems, 8, 8}), job).ok()) << "source and target are one class";
}

}  // namespace
}  // namespace bartizan::attacks::poison_tests

#include "audit/trojan_record.h"

#include <gtest/gtest.h>

namespace bartizan::audit {
namespace {

const defences::ClassStatistics kThree{.margins = {1.5, -2, 1.0 / 3},
                                       .sizes = {10, 20, 30},
                                       .successes = {1, 0.5, 0},
                                       .universal = {0.001, 2, 3},
                                       .striped = {0.5, 2, 3, 4, 5, 6},
                                       .paired = {1, 2, 3, 4, 5, 6}};

std::string text_of(const Json& measurements) { return to_text({{"measurements", measurements}}); }

TEST(TrojanRecord, ReadsBackWhatWasWritten) {
    const std::string settings = trojan_settings(nullptr, {}, 7);
    const auto read = measurements_from(text_of(measurements_json(kThree, settings)), settings);
    ASSERT_TRUE(read.ok()) << read.error().line();
    EXPECT_EQ(read->margins, kThree.margins);
    EXPECT_EQ(read->sizes, kThree.sizes);
    EXPECT_EQ(read->successes, kThree.successes);
    EXPECT_EQ(read->universal, kThree.universal);
    EXPECT_EQ(read->striped, kThree.striped);
    EXPECT_EQ(read->paired, kThree.paired);
}

TEST(TrojanRecord, SettingsNameItemsOptionsAndSeed) {
    data::Batch batch;
    const std::vector<float> x = {0.25F, 0.5F};
    batch.x = NdArray::from<float>({2, 1}, std::span<const float>(x)).value();
    batch.y = {0, 1};
    const std::string base = trojan_settings(&batch, {}, 7);
    EXPECT_EQ(base.size(), 64);
    EXPECT_EQ(trojan_settings(&batch, {}, 7), base);
    EXPECT_NE(trojan_settings(&batch, {}, 8), base);
    EXPECT_NE(trojan_settings(nullptr, {}, 7), base);
    defences::TrojanOptions fewer;
    fewer.sketches.steps = 10;
    EXPECT_NE(trojan_settings(&batch, fewer, 7), base);
    batch.y = {1, 1};
    EXPECT_NE(trojan_settings(&batch, {}, 7), base);
    EXPECT_FALSE(measurements_from(text_of(measurements_json(kThree, base)), trojan_settings(&batch, {}, 7)).ok());
}

TEST(TrojanRecord, RefusesWhatIsNoRecord) {
    const Json good = measurements_json(kThree, "s");
    ASSERT_TRUE(measurements_from(text_of(good), "s").ok());
    for (const char* text :
         {"", "[]", "{}", "{\"measurements\": 3}", "{\"measurements\": {\"settings\": 3}}", "{\"measure"})
        EXPECT_FALSE(measurements_from(text, "s").ok()) << text;
    const auto refused = [&](const char* field, Json value) {
        Json bad = good;
        bad[field] = std::move(value);
        return !measurements_from(text_of(bad), "s").ok();
    };
    EXPECT_TRUE(refused("margins", Json::array()));
    EXPECT_TRUE(refused("margins", {1, 2}));
    EXPECT_TRUE(refused("margins", {1, 2, nullptr}));
    EXPECT_TRUE(refused("margins", {1, 2, "3"}));
    EXPECT_TRUE(refused("trigger_sizes", {1, 2, -3}));
    EXPECT_TRUE(refused("trigger_successes", {1, 2, 0}));
    EXPECT_TRUE(refused("trigger_successes", {1, 0}));
    EXPECT_TRUE(refused("universal_losses", "none"));
    EXPECT_TRUE(refused("paired_losses", {1, 2, 3}));
    Json short_one = good;
    short_one.erase("paired_losses");
    EXPECT_FALSE(measurements_from(text_of(short_one), "s").ok());
}

}  // namespace
}  // namespace bartizan::audit

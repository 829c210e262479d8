/// One suite on SQLite and PostgreSQL.
#include "registry/registry.h"

#include "journal/journal_testing.h"
#include "registry/tables.h"

namespace bartizan::registry {
namespace {

constexpr std::int64_t kDay = 86'400;
const AssetId kFashion{Kind::model, "fashion"};

class RegistryTest : public journal::StateTest {
protected:
    void SetUp() override {
        StateTest::SetUp();
        if (IsSkipped()) return;
        registry_ = std::make_unique<Registry>(*journal_, *blobs_, [this] { return now_; });
    }
    Result<Version> push(const std::string& content, NewVersion fresh = {.file_name = "m.onnx"},
                         const AssetId& id = kFashion) {
        std::string rest = content;
        return registry_->push("erik", id, fresh, [&]() -> Result<std::string> { return std::exchange(rest, ""); });
    }
    VersionId pushed(const std::string& content) { return must(push(content)).id; }
    void pass_gates(const VersionId& id, double score = 90) {
        for (const char* name : {"scan", "signature"})
            ASSERT_TRUE(registry_->add_check(id, {name, name[1] == 'c' ? "clean" : "verified"}).ok());
        ASSERT_TRUE(registry_->add_check(id, {"audit", "done", score}).ok());
    }
    /// A version that is in production.
    VersionId produced(const std::string& content) {
        const VersionId id = pushed(content);
        pass_gates(id);
        promote(id);
        return id;
    }
    void promote(const VersionId& id) {
        const auto done = registry_->promote("erik", id, "production", {}, "better");
        ASSERT_TRUE(done.ok()) << done.error().line();
    }
    std::int64_t production() { return registry_->asset(kFashion)->alias(kProduction); }
    template <class T>
    static Errc code_of(const Result<T>& result) {
        return result.ok() ? Errc{255} : result.error().code();
    }

    std::int64_t now_ = 1'800'000'000;
    std::unique_ptr<Registry> registry_;
};

TEST_P(RegistryTest, a_push_makes_a_version_that_can_be_read_back) {
    NewVersion fresh{.file_name = "fashion.onnx", .note = "first", .input_range = InputRange{-1, 2}};
    fresh.sidecar = "mean: [0.5]\n";
    const Version version = must(push("model one", fresh));
    EXPECT_EQ(version.id.text(), "model:fashion@1");
    EXPECT_EQ(version.stage, "candidate");
    EXPECT_EQ(version.bytes, 9U);
    EXPECT_EQ(version.input_range->high, 2);
    EXPECT_EQ(version.digest.size(), 64U);
    EXPECT_EQ(*registry_->content(version.id, "", Reader::ordinary), "model one");
    EXPECT_EQ(*registry_->content(version.id, "sidecar", Reader::ordinary), "mean: [0.5]\n");
    EXPECT_EQ(pushed("model two").number, 2);
    EXPECT_EQ(registry_->versions(kFashion)->at(0).id.number, 2);
    EXPECT_EQ(registry_->version({kFashion, 1})->stage, "registered");
    EXPECT_EQ(last_event().kind, "model.push");
    EXPECT_EQ(last_event().actor, "erik");
    EXPECT_EQ(last_event().details["sha256"], registry_->version({kFashion, 2})->digest);
}

TEST_P(RegistryTest, refuses_names_files_and_ranges_that_are_none) {
    EXPECT_EQ(code_of(push("x", {.file_name = "m"}, {Kind::model, "../up"})), Errc::invalid_input);
    EXPECT_EQ(code_of(push("x", {.file_name = "m"}, {Kind::model, ""})), Errc::invalid_input);
    EXPECT_EQ(code_of(push("x", {.file_name = "a/b"})), Errc::invalid_input);
    EXPECT_EQ(code_of(push("x", {.file_name = ".."})), Errc::invalid_input);
    EXPECT_EQ(code_of(push("x", {.file_name = "m", .input_range = InputRange{1, 1}})), Errc::invalid_input);
    EXPECT_EQ(code_of(push("")), Errc::invalid_input);
    EXPECT_EQ(code_of(registry_->asset(kFashion)), Errc::not_found);
    EXPECT_EQ(ledger_->size(), 0U);
}

TEST_P(RegistryTest, production_needs_every_gate) {
    const VersionId id = pushed("m");
    const auto refused = registry_->promote("erik", id, "production", {}, "");
    ASSERT_EQ(code_of(refused), Errc::denied);
    for (const char* part : {"not scanned", "no signature", "no audit"})
        EXPECT_NE(refused.error().message().find(part), std::string::npos) << refused.error().line();
    pass_gates(id, 50);
    EXPECT_NE(registry_->promote("erik", id, "production", {}, "").error().message().find("scored 50"),
              std::string::npos);
    ASSERT_TRUE(registry_->add_check(id, {"audit", "done", 71}).ok());
    ASSERT_TRUE(registry_->add_check(id, {"scan", "malicious"}).ok());  // the newest counts
    EXPECT_EQ(code_of(registry_->promote("erik", id, "production", {}, "")), Errc::denied);
    ASSERT_TRUE(registry_->add_check(id, {"scan", "clean"}).ok());
    promote(id);
    EXPECT_EQ(production(), 1);
    EXPECT_EQ(registry_->version(id)->stage, "production");
    EXPECT_EQ(code_of(registry_->promote("erik", id, "production", {}, "")), Errc::conflict);
    EXPECT_TRUE(registry_->promote("erik", id, "canary", {}, "").ok());  // other aliases have no gates
}

TEST_P(RegistryTest, an_override_stands_in_the_ledger_with_its_reason) {
    const VersionId id = pushed("m");
    ASSERT_TRUE(registry_->promote("sara", id, "production", {}, "", "demo for the board").ok());
    const ledger::Event event = last_event();
    EXPECT_EQ(event.actor, "sara");
    EXPECT_EQ(event.details["override"]["reason"], "demo for the board");
    EXPECT_EQ(event.details["override"]["missing"].size(), 3U);
    const VersionId next = pushed("n");
    pass_gates(next);
    ASSERT_TRUE(registry_->promote("sara", next, "production", {}, "", "not needed").ok());
    EXPECT_FALSE(last_event().details.contains("override"));
}

TEST_P(RegistryTest, rollback_follows_the_way_back) {
    EXPECT_EQ(code_of(registry_->rollback("erik", kFashion, "production", "")), Errc::not_found);
    for (const char* content : {"1", "2", "3"}) produced(content);
    EXPECT_EQ(registry_->asset(kFashion)->previous, 2);
    EXPECT_EQ(*registry_->rollback("erik", kFashion, "production", "alarm"), 2);
    EXPECT_EQ(*registry_->rollback("erik", kFashion, "production", "alarm"), 1);
    EXPECT_EQ(production(), 1);
    EXPECT_EQ(code_of(registry_->rollback("erik", kFashion, "production", "")), Errc::conflict);
    promote({kFashion, 3});
    EXPECT_EQ(*registry_->rollback("erik", kFashion, "production", ""), 1);
    EXPECT_EQ(registry_->moves(kFashion)->at(0).kind, "rollback");
    EXPECT_EQ(registry_->version({kFashion, 3})->stage, "retired");
}

TEST_P(RegistryTest, rollback_passes_over_what_is_quarantined) {
    for (const char* content : {"1", "2", "3"}) produced(content);
    ASSERT_TRUE(registry_->quarantine("sara", kFashion, 2, "trojan").ok());
    EXPECT_EQ(registry_->asset(kFashion)->previous, 1);
    EXPECT_EQ(*registry_->rollback("erik", kFashion, "production", ""), 1);
    EXPECT_EQ(code_of(registry_->promote("erik", {kFashion, 2}, "production", {}, "")), Errc::conflict);
}

TEST_P(RegistryTest, quarantine_lets_only_security_read) {
    const VersionId id = pushed("m");
    ASSERT_TRUE(registry_->quarantine("sara", kFashion, 0, "suspect").ok());
    EXPECT_EQ(code_of(registry_->content(id, "", Reader::ordinary)), Errc::denied);
    EXPECT_EQ(*registry_->content(id, "", Reader::security), "m");
    EXPECT_EQ(registry_->version(id)->stage, "quarantined");
    EXPECT_EQ(code_of(registry_->release("sara", kFashion, 0, "")), Errc::invalid_input);
    ASSERT_TRUE(registry_->release("sara", kFashion, 0, "false alarm").ok());
    EXPECT_EQ(last_event().kind, "model.release");
    EXPECT_EQ(*registry_->content(id, "", Reader::ordinary), "m");
    EXPECT_EQ(code_of(registry_->quarantine("sara", kFashion, 9, "x")), Errc::not_found);
}

TEST_P(RegistryTest, evidence_is_added_and_the_newest_counts) {
    const VersionId id = pushed("m");
    ASSERT_TRUE(registry_->attach("erik", id, "bom", "one").ok());
    ASSERT_TRUE(registry_->attach("erik", id, "bom", "two").ok());
    EXPECT_EQ(*registry_->content(id, "bom", Reader::ordinary), "two");
    EXPECT_EQ(registry_->version(id)->attachments.size(), 1U);
    EXPECT_EQ(code_of(registry_->attach("erik", id, "sidecar", "x")), Errc::invalid_input);
    EXPECT_EQ(code_of(registry_->attach("erik", id, "bom", "")), Errc::invalid_input);
    EXPECT_EQ(code_of(registry_->content(id, "audit", Reader::ordinary)), Errc::not_found);
}

TEST_P(RegistryTest, lineage_is_told_both_ways) {
    const VersionId data = must(push("rows", {.file_name = "d.npz"}, {Kind::data, "clothes"})).id;
    const VersionId model = must(push("m", {.file_name = "m.onnx", .links = {{"trained_on", data}}})).id;
    EXPECT_EQ(registry_->version(model)->links.at(0).source, data);
    EXPECT_EQ(registry_->made_from(data)->at(0), model);
    EXPECT_EQ(code_of(push("n", {.file_name = "m.onnx", .links = {{"trained_on", {data.asset, 9}}}})), Errc::not_found);
    EXPECT_EQ(code_of(push("n", {.file_name = "m.onnx", .links = {{"likes", data}}})), Errc::invalid_input);
    EXPECT_EQ(registry_->versions(kFashion)->size(), 1U);
}

TEST_P(RegistryTest, a_difference_names_what_changed) {
    const VersionId one = pushed("1");
    const VersionId two = pushed("2");
    ASSERT_TRUE(registry_->add_check(two, {"audit", "done", 12}).ok());
    const Json changed = difference(*registry_->version(one), *registry_->version(two));
    EXPECT_FALSE(changed["same_content"].get<bool>());
    EXPECT_TRUE(changed["changed"].contains("sha256"));
    EXPECT_EQ(changed["changed"]["checks"]["after"]["audit"]["score"], 12);
    EXPECT_TRUE(difference(*registry_->version(one), *registry_->version(one))["changed"].empty());
}

TEST_P(RegistryTest, collection_keeps_all_that_is_referenced) {
    const AssetId clothes{Kind::data, "clothes"};
    const VersionId data = must(push("rows", {.file_name = "d.npz"}, clothes)).id;
    for (const char* rows : {"r2", "r3", "r4"}) must(push(rows, {.file_name = "d.npz"}, clothes));
    produced("1");                                                              // 1: where a rollback leads
    const VersionId lost = pushed("2");                                         // 2: nobody needs it
    must(push("3", {.file_name = "m.onnx", .links = {{"trained_on", data}}}));  // 3: production, of `data`
    pass_gates({kFashion, 3});
    promote({kFashion, 3});
    pushed("4");  // 4: quarantined
    ASSERT_TRUE(registry_->quarantine("sara", kFashion, 4, "evidence").ok());
    pushed("2");  // 5: the content of 2, candidate
    now_ += 31 * kDay;
    const auto removed = registry_->collect("anna", {.newest = 1, .days = 30});
    ASSERT_TRUE(removed.ok()) << removed.error().line();
    std::string names;
    for (const VersionId& id : *removed) names += id.text() + " ";
    EXPECT_EQ(names, "model:fashion@2 data:clothes@3 data:clothes@2 ");
    EXPECT_EQ(code_of(registry_->content(lost, "", Reader::ordinary)), Errc::not_found);
    EXPECT_EQ(*registry_->content({kFashion, 5}, "", Reader::ordinary), "2");  // the same blob
    EXPECT_EQ(*registry_->content({kFashion, 1}, "", Reader::ordinary), "1");
    EXPECT_EQ(*registry_->content(data, "", Reader::ordinary), "rows");
    EXPECT_EQ(code_of(registry_->content({clothes, 2}, "", Reader::security)), Errc::not_found);
    EXPECT_TRUE(registry_->version(lost)->removed);
    EXPECT_EQ(last_event().details["count"], 3);
    EXPECT_TRUE(registry_->collect("anna", {.newest = 1, .days = 30})->empty());
}

TEST_P(RegistryTest, what_is_young_stays) {
    pushed("1");
    pushed("2");
    EXPECT_TRUE(registry_->collect("anna", {.newest = 1, .days = 30})->empty());
}

INSTANTIATE_TEST_SUITE_P(Both, RegistryTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

}  // namespace
}  // namespace bartizan::registry

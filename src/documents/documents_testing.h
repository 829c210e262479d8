#pragma once
/// For tests: a model with some evidence on a fresh state, and what is gathered of it.

#include "documents/facts.h"
#include "governance/governance_testing.h"

namespace bartizan::documents {

class DocumentsTest : public governance::GovernanceTest {
protected:
    void SetUp() override {
        GovernanceTest::SetUp();
        if (!journal_) return;
        cases_ = std::make_unique<incident::Cases>(*journal_, [this] { return now_; });
    }
    void TearDown() override {
        cases_.reset();
        GovernanceTest::TearDown();
    }
    Sources sources() { return {*governance_, *registry_, cases_.get(), "test/log", "Example Ltd"}; }
    Facts facts(const std::string& asset, std::int64_t number = 0, const std::string& scheme = {}) {
        return must(gather(sources(), {asset, number, scheme}));
    }
    /// Two checks that passed, one that failed with a number, one of another version.
    registry::Version furnish() {
        const auto version = push("m", "one");
        auto robust = evidence("evasion.whitebox", version);
        robust.value = 0.412;
        robust.low = 0.381;
        robust.high = 0.443;
        robust.samples = 1000;
        robust.summary = "holds <b>a little</b> | `x`";
        robust.limitations = {"holds for the attacks and radii that were tried"};
        robust_ = add(robust);
        scan_ = add(evidence("artefact.scan", version));
        auto privacy = evidence("privacy.membership", version, governance::Verdict::fail);
        privacy.value = 0.71;
        privacy.samples = 400;
        privacy_ = add(privacy);
        return version;
    }

    std::unique_ptr<incident::Cases> cases_;
    governance::Evidence robust_, scan_, privacy_;
};

}  // namespace bartizan::documents

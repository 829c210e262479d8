#pragma once
/// For tests: governance on a fresh state, with a clock that is told.

#include "governance/governance.h"
#include "journal/journal_testing.h"
#include "registry/registry.h"

namespace bartizan::governance {

class GovernanceTest : public journal::StateTest {
protected:
    static constexpr std::int64_t kStart = 1'800'000'000;
    static constexpr std::int64_t kDay = 86'400;

    void SetUp() override {
        StateTest::SetUp();
        if (journal_) reopen_governance();
    }
    void TearDown() override {
        governance_.reset();
        registry_.reset();
        StateTest::TearDown();
    }
    void reopen_governance() {
        governance_.reset();
        registry_ = std::make_unique<registry::Registry>(*journal_, *blobs_, [this] { return now_; });
        governance_ = must(Governance::open(*journal_, [this] { return now_; }));
    }
    registry::Version push(const std::string& name, const std::string& content,
                           registry::Kind kind = registry::Kind::model, std::vector<registry::Link> links = {}) {
        bool given = false;
        return must(registry_->push("test", {kind, name}, {.file_name = "m.onnx", .links = std::move(links)},
                                    [&]() -> Result<std::string> {
                                        const std::string piece = given ? "" : content;
                                        given = true;
                                        return piece;
                                    }));
    }
    Evidence evidence(const std::string& check, const registry::Version& version, Verdict verdict = Verdict::pass) {
        Evidence one{.check = check, .subject = version.id.text(), .digest = version.digest, .verdict = verdict};
        one.collected = now_;
        return one;
    }
    Evidence add(const Evidence& one) { return must(governance_->book().add("test", {one})).at(0); }
    MatrixRow row(const std::string& requirement, const std::string& asset = {}) {
        const Matrix matrix = must(governance_->matrix({.asset = asset}));
        const auto at = governance_->framework().requirement_index(requirement);
        for (const MatrixRow& one : matrix.rows)
            if (at && one.requirement == *at) return one;
        ADD_FAILURE() << "not in the matrix: " << requirement;
        return {};
    }

    std::int64_t now_ = kStart;
    std::unique_ptr<registry::Registry> registry_;
    std::unique_ptr<Governance> governance_;
};

}  // namespace bartizan::governance

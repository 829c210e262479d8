#pragma once
/// For tests: the registers on a fresh state, with a clock that is told.

#include "governance/governance_testing.h"
#include "registers/registers.h"

namespace bartizan::registers {

class RegistersTest : public governance::GovernanceTest {
protected:
    void SetUp() override {
        GovernanceTest::SetUp();
        if (governance_) reopen_registers();
    }
    void TearDown() override {
        registers_.reset();
        GovernanceTest::TearDown();
    }
    void reopen_registers() {
        registers_ = must(Registers::open(*journal_, *governance_, [this] { return now_; }));
    }
    /// A model that nothing is told of but this.
    void describe(const std::string& asset, const Json& what) {
        must(governance_->inventory().put("test", must(governance::read_profile(what, asset))));
    }
    governance::Evidence measured(const std::string& check, const registry::Version& version, double value, double low,
                                  double high) {
        auto one = evidence(check, version);
        one.value = value;
        one.low = low;
        one.high = high;
        return add(one);
    }
    governance::Evidence of_organisation(const std::string& check,
                                         governance::Verdict verdict = governance::Verdict::pass) {
        governance::Evidence one{.check = check, .subject = "organisation", .verdict = verdict};
        one.collected = now_;
        return add(one);
    }
    std::size_t count(const std::string& kind) const {
        std::size_t found = 0;
        for (const ledger::Entry& entry : entries()) found += entry.event.kind == kind;
        return found;
    }

    std::unique_ptr<Registers> registers_;
};

}  // namespace bartizan::registers

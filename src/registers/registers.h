#pragma once
/// The registers on one journal, as the service holds them. Thread rule: that of the parts.

#include <memory>

#include "registers/risks.h"

namespace bartizan::registers {

class Registers final {
public:
    /// Both must outlive it. Fails when what ships is not in order.
    static Result<std::unique_ptr<Registers>> open(journal::Journal& journal, governance::Governance& governance,
                                                   Clock clock);

    Risks& risks() { return risks_; }
    std::int64_t now() const { return clock_(); }

private:
    Registers(journal::Journal& journal, governance::Governance& governance, Threats threats, Clock clock)
        : clock_(clock), risks_(journal, governance, std::move(threats), clock) {}

    Clock clock_;
    Risks risks_;
};

}  // namespace bartizan::registers

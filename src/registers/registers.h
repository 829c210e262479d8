#pragma once
/// The registers on one journal, as the service holds them. Thread rule: that of the parts.

#include <memory>

#include "registers/budget.h"
#include "registers/people.h"
#include "registers/risks.h"
#include "registers/schedule.h"
#include "registers/vendors.h"

namespace bartizan::registers {

class Registers final {
public:
    /// Both must outlive it. Fails when what ships is not in order.
    static Result<std::unique_ptr<Registers>> open(journal::Journal& journal, governance::Governance& governance,
                                                   Clock clock);

    Risks& risks() { return risks_; }
    Schedule& schedule() { return schedule_; }
    Budget& budget() { return budget_; }
    Vendors& vendors() { return vendors_; }
    People& people() { return people_; }
    std::int64_t now() const { return clock_(); }

    /// Tells bands of risks that changed, and what the registers show of the organisation, as evidence; gives what is
    /// due.
    Result<std::vector<Schedule::Notice>> settle(const std::string& actor);
    /// Everything that has a date: audits, acceptances, answers of vendors, training, waivers.
    Result<std::string> calendar();

private:
    Registers(journal::Journal& journal, governance::Governance& governance, Threats threats,
              std::vector<Question> questions, Curriculum curriculum, const Clock& clock)
        : clock_(clock),
          governance_(governance),
          risks_(journal, governance, std::move(threats), clock),
          schedule_(journal, governance, clock),
          budget_(journal, governance, risks_, clock),
          vendors_(journal, governance, std::move(questions), clock),
          people_(journal, governance, risks_, std::move(curriculum), clock) {}

    Clock clock_;
    governance::Governance& governance_;
    Risks risks_;
    Schedule schedule_;
    Budget budget_;
    Vendors vendors_;
    People people_;
};

}  // namespace bartizan::registers

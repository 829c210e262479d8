#include "registers/registers.h"

#include <fmt/format.h>

namespace bartizan::registers {

Result<std::unique_ptr<Registers>> Registers::open(journal::Journal& journal, governance::Governance& governance,
                                                   Clock clock) {
    auto threats = BARTIZAN_TRY_WITHIN(Threats::make(governance.framework()), "threats.json");
    auto questions = BARTIZAN_TRY_WITHIN(vendor_questions(governance.framework()), "vendor-questions.json");
    auto curriculum = BARTIZAN_TRY_WITHIN(curriculum_of(governance.framework()), "people.json");
    return std::unique_ptr<Registers>(
        new Registers(journal, governance, std::move(threats), std::move(questions), std::move(curriculum), clock));
}

Result<std::vector<Schedule::Notice>> Registers::settle(const std::string& actor) {
    BARTIZAN_TRY(risks_.settle(actor));
    auto notices = BARTIZAN_TRY(schedule_.settle(actor));
    const std::optional<Standing> standings[] = {BARTIZAN_TRY(schedule_.standing()), BARTIZAN_TRY(budget_.standing()),
                                                 BARTIZAN_TRY(vendors_.standing()), BARTIZAN_TRY(people_.standing())};
    for (const auto& one : standings)
        if (one) BARTIZAN_TRY(tell(governance_, actor, *one));
    return notices;
}

Result<std::string> Registers::calendar() {
    std::vector<DueDate> all = BARTIZAN_TRY(schedule_.dates());
    for (const DueDate& one : BARTIZAN_TRY(budget_.dates())) all.push_back(one);
    for (const DueDate& one : BARTIZAN_TRY(vendors_.dates())) all.push_back(one);
    for (const DueDate& one : BARTIZAN_TRY(people_.dates())) all.push_back(one);
    for (const RiskView& one : BARTIZAN_TRY(risks_.list()))
        if (!one.risk.acceptance.by.empty())
            all.push_back({.uid = fmt::format("risk-{}@bartizan", one.risk.id),
                           .at = one.risk.acceptance.expires,
                           .title = fmt::format("acceptance of {} ({}) ends", one.risk.id, one.risk.title),
                           .text = one.risk.acceptance.reason,
                           .category = "risk"});
    return calendar_text(std::move(all), clock_());
}

}  // namespace bartizan::registers

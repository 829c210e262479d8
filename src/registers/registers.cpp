#include "registers/registers.h"

namespace bartizan::registers {

Result<std::unique_ptr<Registers>> Registers::open(journal::Journal& journal, governance::Governance& governance,
                                                   Clock clock) {
    auto threats = BARTIZAN_TRY_WITHIN(Threats::make(governance.framework()), "threats.json");
    return std::unique_ptr<Registers>(new Registers(journal, governance, std::move(threats), std::move(clock)));
}

}  // namespace bartizan::registers

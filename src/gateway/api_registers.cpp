/// What the registers do without being asked.
#include "gateway/api_registers.h"

#include "registers/registers.h"

namespace bartizan::gateway {

Result<void> look_at_registers(Api& api) {
    BARTIZAN_TRY(api.state.registers->risks().settle("service"));
    return {};
}

}  // namespace bartizan::gateway

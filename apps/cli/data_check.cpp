/// `bartizan data check DATA`: what is wrong with a data set.
#include "apps/cli/light_commands.h"

namespace bartizan::program {

Result<int> data_check(const cli::Invocation&) { return unsupported("data check is not part of this build yet"); }

}  // namespace bartizan::program

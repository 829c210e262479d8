/// `bartizan`: parses the command line, does the light commands itself, becomes `bartizan-engine` or
/// `bartizan-service` for the rest.
#include <algorithm>
#include <string>
#include <vector>

#include "apps/cli/artefact_gate.h"
#include "apps/cli/engine_program.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/record.h"
#include "cli/command.h"
#include "cli/output.h"

namespace bartizan::program {
namespace {

Result<int> run(const std::vector<std::string>& words) {
    const cli::Parsed parsed = BARTIZAN_TRY(cli::parse(words));
    if (!parsed.invocation) {
        BARTIZAN_TRY(cli::print(parsed.text));
        return 0;
    }
    const cli::Invocation& invocation = *parsed.invocation;
    if (records_on_server(invocation)) return run_and_record(invocation, words);
    if (const LightHandler handler = light_handler(invocation)) return handler(invocation);
    if (invocation.command->name == "serve") return become_service(BARTIZAN_TRY(find_service()), words);
    if (const auto status = BARTIZAN_TRY(stop_at_unsafe_model(invocation))) return *status;
    return become_engine(BARTIZAN_TRY(find_engine()), words);
}

}  // namespace
}  // namespace bartizan::program

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    const auto status = bartizan::program::run(words);
    return status.ok() ? *status : bartizan::cli::report_error(status.error());
}

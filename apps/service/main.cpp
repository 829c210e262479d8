/// `bartizan-service`: what `bartizan serve` becomes. A program of its own, so that no other command pays for the
/// libraries of databases and networks when it starts.
#include <algorithm>
#include <string>
#include <vector>

#include "apps/service/serve.h"
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
    if (parsed.invocation->command->name == "serve") return serve(*parsed.invocation);
    return invalid_input("'" + std::string(parsed.invocation->command->name) + "' is none of this program's commands",
                         "ask 'bartizan' for it");
}

}  // namespace
}  // namespace bartizan::program

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    const auto status = bartizan::program::run(words);
    return status.ok() ? *status : bartizan::cli::report_error(status.error());
}

// links: cli
// Words separated by newlines, parsed as a command line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "cli/command.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> words(1);
    for (std::size_t i = 0; i < size; ++i) {
        if (data[i] == '\n')
            words.emplace_back();
        else
            words.back() += static_cast<char>(data[i]);
    }
    const auto parsed = bartizan::cli::parse(words);
    // One line, whatever came in.
    if (!parsed.ok() && parsed.error().line().find('\n') != std::string::npos) std::abort();
    return 0;
}

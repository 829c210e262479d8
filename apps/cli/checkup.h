#pragma once
/// What `bartizan doctor` looks at: each check tells what is there and, where something is missing, how to mend it.

#include <string>
#include <vector>

namespace bartizan::program {

enum class Health { good, warning, missing };
const char* to_string(Health health);

struct Check {
    std::string name;  ///< "engine"
    Health health = Health::good;
    std::string detail;  ///< what was found
    std::string mend;    ///< a command or a sentence; empty when good
};

/// All checks, in the order in which they are shown. Starts the engine once, to see that its libraries are there.
std::vector<Check> checkup();

}  // namespace bartizan::program

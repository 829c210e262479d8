/// `bartizan`: parses the command line, does the light commands itself, executes `bartizan-engine` for the rest.
#include <cstdio>

#include "bartizan/version.h"

int main() {
    std::printf("bartizan %s\n", bartizan::kVersion);
    return 0;
}

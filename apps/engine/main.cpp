/// `bartizan-engine`: the commands that need tensors.
#include <cstdio>

#include "bartizan/version.h"

int main() {
    std::printf("bartizan %s\n", bartizan::kVersion);
    return 0;
}

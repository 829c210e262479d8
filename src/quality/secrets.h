#pragma once
/// Keys and tokens of common services, by the prefixes and lengths that these give them. Thread rule: pure functions.

#include <cstddef>
#include <string_view>

namespace bartizan::quality {

struct SecretFound {
    std::string_view name;  ///< "AWS access key"
    std::size_t length = 0;
};
/// The secret that begins at `at`; a length of 0: none. A key block counts by its first line.
SecretFound secret_at(std::string_view text, std::size_t at);

}  // namespace bartizan::quality

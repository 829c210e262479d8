#pragma once
/// Files of the web, fetched into a folder of their own that is removed at the end.
/// Thread rule: one object, one thread.

#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::program {

bool is_address(const std::string& target);

class Downloads {
public:
    Downloads() = default;
    ~Downloads();
    Downloads(const Downloads&) = delete;
    Downloads& operator=(const Downloads&) = delete;

    /// https alone. Fails with `invalid_input` on another address, `unavailable` where it cannot be fetched,
    /// `exhausted` beyond `most_bytes`. Gives the file.
    Result<std::filesystem::path> fetch(const std::string& address, const std::string& ca_file,
                                        std::uint64_t most_bytes, const RunContext& run);
    /// The address that `file` came from; the file's own name where it came from none.
    std::string address_of(const std::string& file) const;

private:
    struct Entry {
        std::string file, address;
    };
    std::filesystem::path folder_;
    std::vector<Entry> entries_;
};

}  // namespace bartizan::program

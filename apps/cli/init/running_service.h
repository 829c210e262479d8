#pragma once
/// `bartizan serve` as a child of this process: started, its address and first key read, ended with this.
/// Thread rule: one thread.

#include <filesystem>
#include <memory>
#include <string>

#include "bartizan/result.h"

namespace bartizan::program::init {

class RunningService {
public:
    /// On a free port of loopback. Fails with `unavailable`, with what the service said.
    static Result<std::unique_ptr<RunningService>> start(const std::filesystem::path& config,
                                                         const std::filesystem::path& state,
                                                         const std::filesystem::path& log);
    /// Ends it: by SIGTERM, and by force after ten seconds.
    ~RunningService();
    RunningService(const RunningService&) = delete;
    RunningService& operator=(const RunningService&) = delete;

    const std::string& address() const { return address_; }
    /// Of the first admin; empty unless the state was fresh.
    const std::string& admin_key() const { return admin_key_; }

private:
    RunningService(int child, int output) : child_(child), output_(output) {}
    Result<void> read_greeting(const std::filesystem::path& log);

    int child_;
    int output_;
    std::string address_, admin_key_;
};

}  // namespace bartizan::program::init

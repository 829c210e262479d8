#pragma once
/// One of this program's own commands, run by the adversary: a process of its own with his key in its environment and
/// its output in files. Thread rule: one thread.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::drill {

class Child {
public:
    /// `folder` takes its output. Fails with `unavailable` when it does not start.
    static Result<Child> start(const std::filesystem::path& program, const std::vector<std::string>& words,
                               const std::string& key, const std::filesystem::path& folder);
    Child(Child&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), status_(other.status_), folder_(std::move(other.folder_)) {}
    Child& operator=(Child&&) = delete;
    ~Child() { stop(); }

    bool running();
    /// Asks it to end, and ends it when it does not.
    void stop();
    /// After its end: 0 to 255, or 128 and the signal.
    int status() const { return status_; }
    std::string output() const;
    /// The last line that it wrote on standard error.
    std::string complaint() const;

private:
    Child(int pid, std::filesystem::path folder) : pid_(pid), folder_(std::move(folder)) {}
    int pid_;
    int status_ = -1;
    std::filesystem::path folder_;
};

}  // namespace bartizan::drill

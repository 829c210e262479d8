#pragma once
/// The folder of `bartizan init`: answers, what each step came to, the files that they made, and the service that is
/// started out of it while steps need one.
/// Thread rule: one thread.

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/init/answers.h"
#include "apps/cli/service_client.h"
#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::program::init {

/// What a step came to.
struct Outcome {
    std::string state;                    ///< "done", "findings", "skipped", "not-possible"
    std::string summary;                  ///< one sentence
    std::vector<std::string> files = {};  ///< relative to the folder
    bool stops = false;                   ///< nothing that follows makes sense
};

struct Ran {
    int status = 0;
    Json document;
};

class RunningService;

class Workspace {
public:
    /// Reads what is there; the folder is made, for its owner alone, when something is saved. Fails with
    /// `invalid_input`: a folder that holds something else, or a record that is none.
    static Result<Workspace> open(const std::filesystem::path& folder);
    Workspace(Workspace&&) noexcept;
    ~Workspace();

    Answers& answers() { return answers_; }
    const std::string& answer(std::string_view key) const { return answers_.find(key)->second; }
    std::filesystem::path path(std::string_view name) const { return folder_ / name; }
    const std::filesystem::path& folder() const { return folder_; }

    /// What the step came to before; null: it has not run.
    const Outcome* outcome(std::string_view step) const;
    /// Keeps it, and writes the record.
    Result<void> keep(std::string_view step, Outcome outcome, std::chrono::seconds took);
    Result<void> save() const;
    Json record() const;

    /// Runs `bartizan WORDS --format json`. `shown`: with its progress. Fails when it ends with a status of 2 or 3.
    Result<Ran> run(std::vector<std::string> words, bool shown = false) const;
    /// The service of this folder, started if need be; its key is kept in the folder.
    Result<ServiceClient> service();
    std::string service_address() const;

private:
    struct Kept {
        std::string step;
        Outcome outcome;
        std::int64_t seconds = 0;
    };
    explicit Workspace(std::filesystem::path folder);
    Result<void> read();

    std::filesystem::path folder_;
    Answers answers_;
    std::vector<Kept> kept_;
    std::unique_ptr<RunningService> service_;
};

}  // namespace bartizan::program::init

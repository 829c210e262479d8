#pragma once
/// The parts of incident response on one journal, as the service holds them,
/// and the thread that answers signals: each becomes an incident or joins one,
/// and where the configuration says so its playbook runs at once, unattended. A
/// playbook runs unattended only if a drill of exactly that document ended well
/// within a set time. Thread rule: all members may be called from any thread.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "incident/clocks.h"
#include "incident/messages.h"
#include "incident/restrictions.h"
#include "incident/runs.h"

namespace bartizan::incident {

class Response final {
public:
    using Clock = std::function<std::int64_t()>;
    struct Parts {
        journal::Journal& journal;
        Actions& actions;
        Delivery& delivery;
        Clock clock;
        /// Tells of what could not be done: kind and reason.
        std::function<void(const std::string& kind, const std::string& reason)> complain;
    };
    explicit Response(Parts parts, ResponseOptions options);
    ~Response() { stop(); }

    void start();
    /// Answers what waits, and ends the thread.
    void stop();

    /// Never waits: the signal is answered by the thread. What is too much is let
    /// go and told.
    void offer(Signal signal);
    /// What the thread does with one signal: the incident, and the run if one
    /// began.
    struct Answered {
        Cases::Taken taken;
        std::optional<Run> run;
        std::string not_run_because;  ///< a rule fits, and its playbook may not run
                                      ///< unattended
    };
    Result<Answered> answer(const Signal& signal);
    std::int64_t now() const { return parts_.clock(); }
    /// Signals that wait.
    std::size_t waiting() const;

    Cases& cases() { return cases_; }
    Runs& runs() { return runs_; }
    Clocks& clocks() { return clocks_; }
    Messages& messages() { return messages_; }
    Restrictions& restrictions() { return restrictions_; }
    const ResponseOptions& options() const { return options_; }

private:
    static constexpr std::size_t kMostWaiting = 1000;
    void run();
    Result<void> run_unattended(const UnattendedRule& rule, Answered& out);

    Parts parts_;
    ResponseOptions options_;
    Cases cases_;
    Runs runs_;
    Clocks clocks_;
    Messages messages_;
    Restrictions restrictions_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Signal> queue_;
    bool ending_ = false;
    std::thread thread_;
};

/// The review of an incident: times to detect, contain and recover, what
/// detected it, timeline, runs, messages, clocks, cause, lessons, open tasks.
/// As JSON, and as Markdown for people.
Result<Json> report_of(Response& response, std::int64_t incident);
std::string report_markdown(const Json& report);

}  // namespace bartizan::incident

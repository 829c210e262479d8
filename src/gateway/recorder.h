#pragma once
/// Decisions about access on their way into the ledger. That somebody may ask a version is decided once for each state
/// of grants and aliases, and recorded before the first answer; how often he did is summed. Refusals are recorded one
/// by one, but the same one again only once a minute, with how often it came: nobody fills the ledger by being refused.
/// Thread rule: all members may be called from any thread.

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "access/people.h"
#include "gateway/event.h"
#include "gateway/metrics.h"
#include "ledger/ledger.h"
#include "registry/model.h"

namespace bartizan::gateway {

class Recorder final : public Detector {
public:
    Recorder(ledger::Ledger& ledger, Metrics& metrics) : ledger_(ledger), metrics_(metrics) {}

    struct Decision {
        std::string principal;
        std::string key;  ///< id; may be empty
        registry::VersionId version;
        std::int64_t epoch = 0;
    };
    bool knows(const Decision& decision) const;
    /// Durable when this returns. While the ledger cannot be written, who was allowed the same under an earlier state
    /// may go on: he still may, or he would have been refused before; it is tried again every second.
    Result<void> allowed(const Decision& decision);

    struct Refusal {
        std::string who;   ///< the principal, or "?" and the address
        std::string what;  ///< "PUT /v1/{kind}/{name}/aliases/{alias}"
        std::string asset;
        std::string reason;
    };
    enum class Wait { until_durable, no };
    void refused(const Refusal& refusal, Wait wait);

    void see(const Event& event) override;
    /// Writes the sums; every few seconds, and at the end. What cannot be written is kept for the next time.
    Result<void> flush();

private:
    static constexpr std::size_t kMostRemembered = 100'000;
    struct Again {
        std::chrono::steady_clock::time_point written;
        std::uint64_t since = 0;
    };
    struct Sum {
        std::uint64_t answered = 0, refused = 0, rows = 0;
    };
    static std::string name_of(const Decision& decision);
    bool may_go_on(const std::string& name);

    ledger::Ledger& ledger_;
    Metrics& metrics_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::int64_t> decisions_;  ///< the epoch that each is recorded for
    std::chrono::steady_clock::time_point try_again_{};
    std::unordered_map<std::string, Again> refusals_;
    std::map<std::pair<std::string, std::string>, Sum> sums_;  ///< by principal and version
};

}  // namespace bartizan::gateway

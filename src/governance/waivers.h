#pragma once
/// Waivers: a requirement that is set aside for an asset for a time, or that does not apply to it, by somebody other
/// than its owner, with a reason. They change no state: what is waived is counted apart, and shown with the state that
/// it hides. Thread rule: all members may be called from any thread.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"
#include "governance/catalogue.h"
#include "journal/journal.h"

namespace bartizan::governance {

struct Waiver {
    std::string id = {};
    std::string kind = "waiver";  ///< or "not_applicable"
    std::string requirement = {};
    std::string subject = {};  ///< "model:fashion", "organisation", "*": all
    std::string owner = {};    ///< who answers for it
    std::string reason = {};
    std::int64_t granted = 0;
    std::string granted_by = {};
    std::int64_t expires = 0;
    std::int64_t ended = 0;  ///< 0: it was not ended early
    std::string ended_by = {};

    bool holds_for(const std::string& asset) const { return subject == "*" || subject == asset; }
    bool active(std::int64_t now) const { return ended == 0 && now < expires; }
};
Json to_json(const Waiver& waiver, std::int64_t now);

class Waivers final {
public:
    static constexpr std::int64_t kLongest = 366 * 86'400;  ///< seconds: then it is looked at again
    using Clock = std::function<std::int64_t()>;
    Waivers(journal::Journal& journal, const Framework& framework, Clock clock)
        : journal_(journal), framework_(framework), clock_(std::move(clock)) {}

    /// Fails with `invalid_input`: no such requirement, no reason, no end; `denied`: the owner grants it himself.
    Result<Waiver> grant(const std::string& actor, Waiver waiver);
    Result<Waiver> end(const std::string& actor, const std::string& id);
    /// Newest first.
    Result<std::vector<Waiver>> list(bool active_only);

private:
    journal::Journal& journal_;
    const Framework& framework_;
    Clock clock_;
};

}  // namespace bartizan::governance

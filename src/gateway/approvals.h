#pragma once
/// The two-person rule: what one person asks for is kept until a second one, who may do the same, agrees or not.
/// Thread rule: all members may be called from any thread.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"
#include "journal/journal.h"

namespace bartizan::gateway {

struct Approval {
    std::string id;
    std::string action;  ///< "PUT /v1/{kind}/{name}/aliases/{alias}"
    std::string asset;
    std::string method, target, body;  ///< the request as it was
    std::string requested_by;
    std::int64_t requested = 0;
    std::int64_t expires = 0;
    std::string decided_by;  ///< empty: it waits
    std::string outcome;     ///< "approved", "rejected"
};
Json to_json(const Approval& approval);

class Approvals {
public:
    static constexpr std::int64_t kLifetime = 24 * 3600;
    Approvals(journal::Journal& journal, std::function<std::int64_t()> clock)
        : journal_(journal), clock_(std::move(clock)) {}

    /// Gives it with its id.
    Result<Approval> ask(Approval approval);
    /// Those that wait, oldest first.
    Result<std::vector<Approval>> waiting();
    Result<Approval> find(const std::string& id);
    /// Once. Fails with `denied` for the person who asked, `conflict` when it was decided or has expired.
    Result<Approval> decide(const std::string& actor, const std::string& id, bool approved);

private:
    journal::Journal& journal_;
    std::function<std::int64_t()> clock_;
};

}  // namespace bartizan::gateway

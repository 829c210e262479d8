#pragma once
/// What an incident put on a principal or a model, for a time: fewer requests,
/// or less of the answer. Gateways read them as one snapshot, loaded again when
/// something changed. They end by themselves, and can be lifted. Thread rule:
/// the snapshot is immutable; `Restrictions` may be used from any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"
#include "journal/journal.h"

namespace bartizan::incident {

struct Restriction {
    std::string id = {};
    std::string kind = {};       ///< "throttle": value is requests a second; "output":
                                 ///< value is an output policy
    std::string principal = {};  ///< empty: everybody
    std::string model = {};      ///< empty: every model
    std::string value = {};
    std::int64_t until = 0;
    std::int64_t incident = 0;
    std::string reason = {};
    std::int64_t made = 0;
    std::string made_by = {};
    std::int64_t ended = 0;
};
Json to_json(const Restriction& restriction);

class Restrictions final {
public:
    using Clock = std::function<std::int64_t()>;
    static constexpr std::int64_t kLongest = 90 * 86'400;  ///< seconds
    Restrictions(journal::Journal& journal, Clock clock) : journal_(journal), clock_(std::move(clock)) {}

    /// Fails with `invalid_input` when it names neither a principal nor a model,
    /// or lasts too long.
    Result<Restriction> put(const std::string& actor, Restriction restriction);
    Result<void> lift(const std::string& actor, const std::string& id);
    /// Those that hold, newest first.
    Result<std::shared_ptr<const std::vector<Restriction>>> load();

private:
    journal::Journal& journal_;
    Clock clock_;
};

/// The newest of a kind that holds for a principal and a model; null: none.
const Restriction* restriction_for(const std::vector<Restriction>& all, std::string_view kind,
                                   std::string_view principal, std::string_view model, std::int64_t now);

}  // namespace bartizan::incident

#pragma once
/// One register: small documents by name, each change of which has its entry in the ledger. What can be derived
/// (scores, states, what is due) is not in them. Thread rule: all members may be called from any thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"
#include "journal/journal.h"

namespace bartizan::registers {

using Clock = std::function<std::int64_t()>;  ///< seconds since 1970
inline constexpr std::int64_t kDay = 86'400;

struct Record {
    std::string id = {};
    Json body = Json::object();
    std::int64_t changed = 0;
    std::string changed_by = {};
};

class Records final {
public:
    static constexpr std::size_t kMost = 10'000;          ///< records of one register
    static constexpr std::size_t kLongestBody = 256'000;  ///< bytes of one

    /// `name` is the register's, and stands before the id in the ledger: "risk:R-1".
    Records(journal::Journal& journal, std::string name, Clock clock)
        : journal_(journal), name_(std::move(name)), clock_(std::move(clock)) {}

    /// What a record becomes; null `before`: there is none yet. May run twice. A discarded value (`Json::value_t::
    /// discarded`): nothing changes.
    using Change = std::function<Result<Json>(const Json* before)>;
    /// Fails as `change` does, or with `exhausted` when the register or the record is full.
    Result<Record> put(const std::string& actor, const std::string& id, const std::string& event, const Change& change);
    /// A new record whose id is `prefix` and the next number. `same` tells a record that stands for the same thing
    /// already: that one is given.
    Result<Record> add(const std::string& actor, const std::string& prefix, const std::string& event, const Json& body,
                       const std::function<bool(const Json&)>& same);
    /// Fails with `not_found`.
    Result<void> remove(const std::string& actor, const std::string& id, const std::string& event);
    /// Fails with `not_found`.
    Result<Record> find(const std::string& id);
    Result<std::optional<Record>> look(const std::string& id);
    /// By id.
    Result<std::vector<Record>> all();
    std::int64_t now() const { return clock_(); }

private:
    Result<void> store(store::Transaction& transaction, const Record& record);

    journal::Journal& journal_;
    std::string name_;
    Clock clock_;
};

/// Names that stand in addresses and files: 1 to 80 of letters, digits, ". _ @ + -". Fails with `invalid_input`.
Result<void> check_name(const std::string& what, const std::string& name);

/// Something that is let be for a time, by somebody other than who answers for it.
struct Leave {
    std::string owner = {};  ///< who answers for it
    std::string by = {};     ///< who granted it
    std::string reason = {};
    std::int64_t granted = 0;
    std::int64_t expires = 0;

    bool holds(std::int64_t now) const { return expires > now && !by.empty(); }
};
inline constexpr std::int64_t kLongestLeave = 366 * kDay;  ///< then it is looked at again

Json to_json(const Leave& leave, std::int64_t now);
/// None when `json` is no object.
Leave leave_of(const Json& json);
/// Fails with `conflict` when nobody answers for it, `denied` when the owner grants it himself, `invalid_input` without
/// a reason or with an end that is past or more than 366 days off.
Result<void> check_leave(const Leave& leave, std::int64_t now);

}  // namespace bartizan::registers

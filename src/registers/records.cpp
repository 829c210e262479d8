#include "registers/records.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace bartizan::registers {
namespace {

constexpr const char* kColumns = "SELECT id, body, changed, changed_by FROM register_record WHERE register = :register";

Result<Record> record_of(const store::Row& row) {
    return Record{row.text(0), BARTIZAN_TRY_WITHIN(parse_json(row.text(1)), "record '" + row.text(0) + "'"),
                  row.integer(2), row.text(3)};
}

/// 0 when it is no number behind this prefix.
std::int64_t number_behind(const std::string& prefix, const std::string& id) {
    std::int64_t number = 0;
    if (id.starts_with(prefix)) std::from_chars(id.data() + prefix.size(), id.data() + id.size(), number);
    return number;
}

}  // namespace

Result<void> Records::store(store::Transaction& transaction, const Record& record) {
    const std::string text = record.body.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > kLongestBody) return exhausted(fmt::format("'{}' is longer than a record may be", record.id));
    BARTIZAN_TRY(
        transaction.run("DELETE FROM register_record WHERE register = :register AND id = :id", {name_, record.id}));
    const auto count =
        BARTIZAN_TRY(transaction.run("SELECT COUNT(*) FROM register_record WHERE register = :register", {name_}));
    if (count.at(0).integer(0) >= static_cast<std::int64_t>(kMost))
        return exhausted(fmt::format("the register of '{}' has its {} records", name_, kMost));
    BARTIZAN_TRY(transaction.run("INSERT INTO register_record VALUES (:register, :id, :body, :changed, :by)",
                                 {name_, record.id, text, record.changed, record.changed_by}));
    return {};
}

Result<Record> Records::put(const std::string& actor, const std::string& id, const std::string& event,
                            const Change& change) {
    Record out;
    const auto done = journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        const auto rows = BARTIZAN_TRY(transaction.run(std::string(kColumns) + " AND id = :id", {name_, id}));
        std::optional<Record> before;
        if (!rows.empty()) before = BARTIZAN_TRY(record_of(rows[0]));
        out = {id, BARTIZAN_TRY(change(before ? &before->body : nullptr)), clock_(), actor};
        if (out.body.is_discarded()) {
            out = before.value_or(Record{id});
            return Error(Errc::cancelled, "nothing changes");
        }
        BARTIZAN_TRY(store(transaction, out));
        return ledger::Event{event, actor, name_ + ":" + id, out.body};
    });
    const bool unchanged = !done.ok() && done.error().code() == Errc::cancelled && !out.id.empty();
    if (!done.ok() && !unchanged) return done.error();
    return out;
}

Result<Record> Records::add(const std::string& actor, const std::string& prefix, const std::string& event,
                            const Json& body, const std::function<bool(const Json&)>& same) {
    Record out;
    bool there = false;
    const auto done = journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        std::int64_t highest = 0;
        there = false;
        for (const store::Row& row : BARTIZAN_TRY(transaction.run(kColumns, {name_}))) {
            Record one = BARTIZAN_TRY(record_of(row));
            highest = std::max(highest, number_behind(prefix, one.id));
            if (there || !same(one.body)) continue;
            there = true;
            out = std::move(one);
        }
        if (there) return Error(Errc::cancelled, "it is there");
        out = {fmt::format("{}{}", prefix, highest + 1), body, clock_(), actor};
        BARTIZAN_TRY(store(transaction, out));
        return ledger::Event{event, actor, name_ + ":" + out.id, body};
    });
    if (!done.ok() && !there) return done.error();
    return out;
}

Result<void> Records::remove(const std::string& actor, const std::string& id, const std::string& event) {
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        if (BARTIZAN_TRY(transaction.run("DELETE FROM register_record WHERE register = :register AND id = :id "
                                         "RETURNING id",
                                         {name_, id}))
                .empty())
            return Error(Errc::not_found, fmt::format("there is no {} '{}'", name_, id.substr(0, 120)));
        return ledger::Event{event, actor, name_ + ":" + id, Json::object()};
    }));
    return {};
}

Result<std::optional<Record>> Records::look(const std::string& id) {
    const auto rows = BARTIZAN_TRY(journal_.database().run(std::string(kColumns) + " AND id = :id", {name_, id}));
    if (rows.empty()) return std::optional<Record>();
    return std::optional(BARTIZAN_TRY(record_of(rows[0])));
}

Result<Record> Records::find(const std::string& id) {
    auto found = BARTIZAN_TRY(look(id));
    if (!found) return Error(Errc::not_found, fmt::format("there is no {} '{}'", name_, id.substr(0, 120)));
    return std::move(*found);
}

Result<std::vector<Record>> Records::all() {
    std::vector<Record> out;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(std::string(kColumns) + " ORDER BY id", {name_})))
        out.push_back(BARTIZAN_TRY(record_of(row)));
    return out;
}

Result<void> check_name(const std::string& what, const std::string& name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._@+-").find(c) != std::string_view::npos;
    };
    if (!name.empty() && name.size() <= 80 && name != "." && name != ".." && std::ranges::all_of(name, fits)) return {};
    return invalid_input(what + ": expected 1 to 80 letters, digits or . _ @ + -");
}

Json to_json(const Leave& leave, std::int64_t now) {
    return {{"owner", leave.owner},     {"by", leave.by},           {"reason", leave.reason},
            {"granted", leave.granted}, {"expires", leave.expires}, {"state", leave.holds(now) ? "active" : "expired"}};
}

Leave leave_of(const Json& json) {
    Leave out;
    if (!json.is_object()) return out;
    const auto text = [&](const char* name) {
        const auto found = json.find(name);
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const auto time = [&](const char* name) {
        const auto found = json.find(name);
        return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
    };
    return {text("owner"), text("by"), text("reason"), time("granted"), time("expires")};
}

Result<void> check_leave(const Leave& leave, std::int64_t now) {
    if (leave.owner.empty()) return Error(Errc::conflict, "nobody answers for it", "name its owner first");
    if (leave.by.empty() || leave.by == leave.owner)
        return Error(Errc::denied, "somebody else than its owner has to agree", "ask another");
    if (leave.reason.empty()) return invalid_input("reason: expected a text that is not empty");
    if (leave.expires <= now || leave.expires > now + kLongestLeave)
        return invalid_input("expires: it ends within 366 days", "give its end as seconds since 1970, or --days");
    return {};
}

}  // namespace bartizan::registers

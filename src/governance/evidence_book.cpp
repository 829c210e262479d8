#include "governance/evidence_book.h"

#include <algorithm>

#include <fmt/format.h>

namespace bartizan::governance {
namespace {

constexpr std::string_view kColumns = "SELECT number, id, body, recorded, recorded_by, disputed, entry FROM evidence ";
constexpr std::int64_t kRowsAtOnce = 20'000;

Result<Evidence> evidence_of(const store::Row& row) {
    Evidence out;
    BARTIZAN_TRY(read_body(BARTIZAN_TRY_WITHIN(parse_json(row.text(2)), "stored evidence"), out));
    out.number = row.integer(0);
    out.id = row.text(1);
    out.recorded = row.integer(3);
    out.recorded_by = row.text(4);
    if (!row.is_null(5)) out.disputed = row.text(5);
    if (!row.is_null(6)) out.entry = row.integer(6);
    return out;
}

/// Whose name is not known here (an older catalogue's) says nothing about any state.
std::optional<std::uint32_t> number_of_check(const Framework& framework, const std::string& check) {
    if (check.starts_with(kAttests)) {
        const auto at = framework.requirement_index(check.substr(kAttests.size()));
        return at ? std::optional(kRequirementsFrom + static_cast<std::uint32_t>(*at)) : std::nullopt;
    }
    const auto at = framework.check_index(check);
    return at ? std::optional(static_cast<std::uint32_t>(*at)) : std::nullopt;
}

Result<void> insert(store::Transaction& transaction, const Evidence& one) {
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO evidence VALUES (:number, :id, :check, :asset, :subject, :digest, :method, :verdict, :collected, "
        ":expires, :body, :origin, :recorded, :by, NULL, NULL)",
        {one.number, one.id, one.check, one.subject.substr(0, one.subject.find('@')), one.subject, one.digest,
         std::string(to_string(one.method)), std::string(to_string(one.verdict)), one.collected, one.expires,
         body_of(one).dump(-1, ' ', false, Json::error_handler_t::replace), one.origin, one.recorded,
         one.recorded_by}));
    return {};
}

}  // namespace

Result<std::vector<Evidence>> EvidenceBook::add(const std::string& actor, std::vector<Evidence> pieces) {
    if (pieces.empty() || pieces.size() > kMostAtOnce)
        return invalid_input(fmt::format("1 to {} pieces of evidence are recorded at once", kMostAtOnce));
    const std::int64_t now = clock_();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        pieces[i].recorded = now;
        pieces[i].recorded_by = actor;
        BARTIZAN_TRY_WITHIN(complete(framework_, pieces[i], now), fmt::format("evidence {}", i + 1));
    }
    std::vector<Evidence> fresh;
    const auto done = journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        fresh.clear();
        std::int64_t last =
            BARTIZAN_TRY(transaction.run("SELECT COALESCE(MAX(number), 0) FROM evidence"))[0].integer(0);
        Json recorded = Json::array();
        for (Evidence& one : pieces) {
            const auto there = BARTIZAN_TRY(transaction.run("SELECT number FROM evidence WHERE id = :id", {one.id}));
            if (!there.empty()) {
                one.number = there[0].integer(0);
                continue;
            }
            one.number = ++last;
            BARTIZAN_TRY(insert(transaction, one));
            Json entry = body_of(one);
            entry["id"] = one.id;
            recorded.push_back(std::move(entry));
            fresh.push_back(one);
        }
        if (fresh.empty()) return Error(Errc::conflict, "all of it was recorded before");
        return ledger::Event{"evidence.record", actor, fresh[0].subject, {{"evidence", recorded}}};
    });
    if (!done.ok() && !(done.error().code() == Errc::conflict && fresh.empty())) return done.error();
    if (done.ok()) BARTIZAN_TRY(note_entry(pieces, fresh, static_cast<std::int64_t>(*done)));
    BARTIZAN_TRY(refresh());
    return pieces;
}

Result<void> EvidenceBook::note_entry(std::vector<Evidence>& pieces, const std::vector<Evidence>& fresh,
                                      std::int64_t entry) {
    BARTIZAN_TRY(
        journal_.database().run("UPDATE evidence SET entry = :entry WHERE number >= :first AND number <= :last",
                                {entry, fresh.front().number, fresh.back().number}));
    for (Evidence& one : pieces)
        if (one.number >= fresh.front().number) one.entry = entry;
    return {};
}

Result<Evidence> EvidenceBook::find(const std::string& id) {
    const auto rows = BARTIZAN_TRY(journal_.database().run(std::string(kColumns) + "WHERE id = :id", {id}));
    if (rows.empty()) return Error(Errc::not_found, "there is no evidence '" + id.substr(0, 40) + "'");
    return evidence_of(rows[0]);
}

Result<Evidence> EvidenceBook::by_number(std::int64_t number) {
    const auto rows = BARTIZAN_TRY(journal_.database().run(std::string(kColumns) + "WHERE number = :number", {number}));
    if (rows.empty()) return Error(Errc::not_found, "there is no such evidence");
    return evidence_of(rows[0]);
}

Result<std::vector<Evidence>> EvidenceBook::list(const EvidenceQuery& query) {
    std::string where = "WHERE number < :before";
    std::vector<store::Value> values{query.before > 0 ? query.before : std::numeric_limits<std::int64_t>::max()};
    if (!query.subject.empty()) {
        where += " AND asset = :asset";
        values.emplace_back(query.subject.substr(0, query.subject.find('@')));
    }
    if (query.subject.find('@') != std::string::npos) {
        where += " AND subject = :subject";
        values.emplace_back(query.subject);
    }
    if (!query.digest.empty()) {
        where += " AND digest = :digest";
        values.emplace_back(query.digest);
    }
    if (!query.check.empty()) {
        where += " AND check_id = :check";
        values.emplace_back(query.check);
    }
    where += fmt::format(" ORDER BY number DESC LIMIT {}", std::clamp<std::size_t>(query.limit, 1, 1000));
    std::vector<Evidence> out;
    BARTIZAN_TRY(journal_.database().transact([&](store::Transaction& transaction) -> Result<void> {
        out.clear();
        for (const store::Row& row : BARTIZAN_TRY(transaction.run(std::string(kColumns) + where, std::span(values))))
            out.push_back(BARTIZAN_TRY(evidence_of(row)));
        return {};
    }));
    return out;
}

Result<Evidence> EvidenceBook::dispute(const std::string& actor, const std::string& id, const std::string& reason) {
    if (reason.empty() || reason.size() > 1000) return invalid_input("a dispute needs a reason of at most 1000 bytes");
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        const auto rows = BARTIZAN_TRY(transaction.run("SELECT number, subject FROM evidence WHERE id = :id", {id}));
        if (rows.empty()) return Error(Errc::not_found, "there is no evidence '" + id.substr(0, 40) + "'");
        const auto marked = BARTIZAN_TRY(transaction.run(
            "UPDATE evidence SET disputed = :reason WHERE id = :id AND disputed IS NULL RETURNING id", {reason, id}));
        if (marked.empty()) return Error(Errc::conflict, "it is disputed already");
        BARTIZAN_TRY(
            transaction.run("INSERT INTO evidence_dispute SELECT COALESCE(MAX(number), 0) + 1, :evidence, "
                            ":reason, :at, :by FROM evidence_dispute",
                            {rows[0].integer(0), reason, clock_(), actor}));
        return ledger::Event{"evidence.dispute", actor, rows[0].text(1), {{"evidence", id}, {"reason", reason}}};
    }));
    BARTIZAN_TRY(refresh());
    return find(id);
}

Result<void> EvidenceBook::refresh() {
    const std::lock_guard one_at_a_time(loading_);
    BARTIZAN_TRY(load_new());
    return load_disputes();
}

Result<void> EvidenceBook::load_new() {
    for (;;) {
        const auto rows = BARTIZAN_TRY(journal_.database().run(
            "SELECT number, check_id, digest, method, verdict, collected, expires, disputed FROM evidence "
            "WHERE number > :seen ORDER BY number LIMIT 20000",
            {seen_}));
        const std::unique_lock alone(mutex_);
        for (const store::Row& row : rows) {
            seen_ = row.integer(0);
            const auto check = number_of_check(framework_, row.text(1));
            if (!check) continue;
            Newest one{.check = *check,
                       .disputed = !row.is_null(7),
                       .collected = row.integer(5),
                       .expires = row.integer(6),
                       .number = row.integer(0)};
            one.method = BARTIZAN_TRY(method_from(row.text(3)));
            one.verdict = BARTIZAN_TRY(verdict_from(row.text(4)));
            remember(row.text(2), one);
        }
        if (static_cast<std::int64_t>(rows.size()) < kRowsAtOnce) return {};
    }
}

Result<void> EvidenceBook::load_disputes() {
    const auto rows = BARTIZAN_TRY(journal_.database().run(
        "SELECT evidence_dispute.number, evidence.number, evidence.digest FROM evidence_dispute JOIN evidence ON "
        "evidence.number = evidence_dispute.evidence WHERE evidence_dispute.number > :seen "
        "ORDER BY evidence_dispute.number",
        {seen_disputes_}));
    const std::unique_lock alone(mutex_);
    for (const store::Row& row : rows) {
        seen_disputes_ = row.integer(0);
        for (Newest& one : by_digest_[row.text(2)])
            if (one.number == row.integer(1)) one.disputed = true;
    }
    return {};
}

void EvidenceBook::remember(const std::string& digest, const Newest& one) {
    std::vector<Newest>& all = by_digest_[digest];
    const auto same = std::ranges::find(all, one.check, &Newest::check);
    if (same == all.end())
        all.push_back(one);
    else if (one.collected >= same->collected)  // what came in late does not take the place of what is newer
        *same = one;
}

std::int64_t EvidenceBook::count() const {
    const std::shared_lock lock(mutex_);
    return seen_;
}

std::span<const Newest> EvidenceBook::Reader::of(const std::string& digest) const {
    const auto found = book_.by_digest_.find(digest);
    return found == book_.by_digest_.end() ? std::span<const Newest>() : std::span<const Newest>(found->second);
}

}  // namespace bartizan::governance

#include "gateway/recorder.h"

namespace bartizan::gateway {
namespace {

using namespace std::chrono_literals;

}  // namespace

std::string Recorder::name_of(const Decision& decision) {
    return decision.principal + '\n' + decision.key + '\n' + decision.version.text();
}

bool Recorder::knows(const Decision& decision) const {
    const std::lock_guard lock(mutex_);
    const auto found = decisions_.find(name_of(decision));
    return found != decisions_.end() && found->second == decision.epoch;
}

/// Without another try: the last one failed within a second.
bool Recorder::may_go_on(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return std::chrono::steady_clock::now() < try_again_ && decisions_.contains(name);
}

Result<void> Recorder::allowed(const Decision& decision) {
    const std::string name = name_of(decision);
    if (knows(decision) || may_go_on(name)) return {};
    auto written = ledger_.append({"access.allowed",
                                   decision.principal,
                                   decision.version.text(),
                                   {{"action", "infer"}, {"key", decision.key}, {"epoch", decision.epoch}}});
    if (!written.ok()) {
        const std::lock_guard lock(mutex_);
        try_again_ = std::chrono::steady_clock::now() + 1s;
        if (decisions_.contains(name)) return {};
        return std::move(written).error();
    }
    metrics_.ledger_entries.at({"allowed"}).add();
    const std::lock_guard lock(mutex_);
    if (decisions_.size() >= kMostRemembered) decisions_.clear();
    std::int64_t& epoch = decisions_[name];
    epoch = std::max(epoch, decision.epoch);
    return {};
}

void Recorder::refused(const Refusal& refusal, Wait wait) {
    const auto now = std::chrono::steady_clock::now();
    std::uint64_t times = 1;
    {
        const std::lock_guard lock(mutex_);
        if (refusals_.size() >= kMostRemembered)
            std::erase_if(refusals_, [&](const auto& entry) { return now - entry.second.written > 1min; });
        if (refusals_.size() >= kMostRemembered) refusals_.clear();
        const auto [at, fresh] =
            refusals_.try_emplace(refusal.who + '\n' + refusal.what + '\n' + refusal.asset, Again{now});
        ++at->second.since;
        if (!fresh && now - at->second.written < 1min) return;
        times = at->second.since;
        at->second = {now, 0};
    }
    metrics_.ledger_entries.at({"refused"}).add();
    const auto ticket = ledger_.submit({"access.denied",
                                        refusal.who,
                                        refusal.asset,
                                        {{"action", refusal.what}, {"reason", refusal.reason}, {"times", times}}});
    if (ticket.ok() && wait == Wait::until_durable) (void)ledger_.wait(*ticket);
}

void Recorder::see(const Event& event) {
    const std::lock_guard lock(mutex_);
    Sum& sum = sums_[{event.principal, "model:" + event.model + "@" + std::to_string(event.version)}];
    ++(event.status == 200 ? sum.answered : sum.refused);
    sum.rows += event.rows;
}

Result<void> Recorder::flush() {
    std::map<std::pair<std::string, std::string>, Sum> sums;
    {
        const std::lock_guard lock(mutex_);
        sums.swap(sums_);
    }
    std::vector<Result<ledger::Ticket>> tickets;  // first all, then the wait: they share a batch
    for (const auto& [who, sum] : sums)
        tickets.push_back(
            ledger_.submit({"traffic.sum",
                            who.first,
                            who.second,
                            {{"answered", sum.answered}, {"refused", sum.refused}, {"queries", sum.rows}}}));
    Result<void> written;
    auto ticket = tickets.begin();
    for (const auto& [who, sum] : sums) {
        auto done = ticket->ok() ? ledger_.wait(**ticket) : Result<std::uint64_t>(ticket->error());
        ++ticket;
        if (done.ok()) continue;
        written = std::move(done).error();
        const std::lock_guard lock(mutex_);
        Sum& kept = sums_[who];
        kept.answered += sum.answered;
        kept.refused += sum.refused;
        kept.rows += sum.rows;
    }
    return written;
}

}  // namespace bartizan::gateway

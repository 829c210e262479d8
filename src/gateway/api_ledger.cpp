/// The ledger as others check it; what the service counts.
#include "crypto/base64.h"
#include "gateway/api.h"
#include "ledger/proof.h"

namespace bartizan::gateway {
namespace api_ledger {
namespace {

constexpr std::int64_t kMostEntries = 1000;

std::string text_of(const crypto::MerkleHash& hash) { return crypto::to_base64(std::string(hash.begin(), hash.end())); }

}  // namespace
}  // namespace api_ledger

Answer show_head(Api& api, const Ask&) {
    return json_reply({{"head", api.state.ledger->head()},
                       {"entries", api.state.ledger->size()},
                       {"key", api.state.ledger->verifier().text()}});
}

Answer list_entries(Api& api, const Ask& ask) {
    const auto size = static_cast<std::int64_t>(api.state.ledger->size());
    const std::string from_text = ask.parameter("from");
    const std::string most_text = ask.parameter("limit");
    const std::int64_t most =
        std::min(most_text.empty() ? 100 : BARTIZAN_TRY(number_of(most_text, "limit")), api_ledger::kMostEntries);
    const std::int64_t from =
        from_text.empty() ? std::max<std::int64_t>(0, size - most) : BARTIZAN_TRY(number_of(from_text, "first entry"));
    Json list = Json::array();
    if (from < size) {
        const auto copy = BARTIZAN_TRY(ledger::Copy::open(api.state.folder / "ledger"));
        auto [source, at] = copy.entries(static_cast<std::uint64_t>(size), static_cast<std::uint64_t>(from));
        for (; at < static_cast<std::uint64_t>(std::min(size, from + most)); ++at) {
            const auto line = BARTIZAN_TRY(source->next());
            if (!line) break;
            if (at < static_cast<std::uint64_t>(from)) continue;
            list.push_back(BARTIZAN_TRY(parse_json(*line)));
        }
    }
    return json_reply({{"size", size}, {"entries", list}});
}

Answer show_proof(Api& api, const Ask& ask) {
    const auto index = static_cast<std::uint64_t>(BARTIZAN_TRY(number_of(ask.part(3), "entry")));
    if (index >= api.state.ledger->size()) return Error(Errc::not_found, "the ledger has no such entry");
    const auto copy = BARTIZAN_TRY(ledger::Copy::open(api.state.folder / "ledger"));
    const auto proof = BARTIZAN_TRY(ledger::prove(copy, api.state.ledger->verifier(), index));
    return http::Reply{.content_type = "text/plain; charset=utf-8", .body = ledger::proof_text(proof)};
}

Answer show_growth(Api& api, const Ask& ask) {
    const auto from = static_cast<std::uint64_t>(BARTIZAN_TRY(number_of(ask.parameter("from"), "older size")));
    const std::string head = api.state.ledger->head();
    const auto checkpoint = BARTIZAN_TRY(ledger::parse_checkpoint(head));
    if (from == 0 || from > checkpoint.size) return invalid_input("the older size is 1 to that of the ledger");
    Json path = Json::array();
    for (const auto& hash : BARTIZAN_TRY(api.state.ledger->prove_consistency(from, checkpoint.size)))
        path.push_back(api_ledger::text_of(hash));
    return json_reply({{"head", head}, {"from", from}, {"path", path}});
}

Answer show_metrics(Api& api, const Ask&) {
    return http::Reply{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = api.metrics.text()};
}

Answer list_workers(Api& api, const Ask&) {
    constexpr const char* kStates[] = {"starting", "ready", "waiting", "stopped"};
    Json list = Json::array();
    for (const Workers::Seen& one : api.workers.seen())
        list.push_back({{"version", one.name},
                        {"state", kStates[static_cast<std::size_t>(one.state)]},
                        {"trouble", one.trouble.empty() ? Json() : Json(one.trouble)}});
    return json_reply({{"workers", list}});
}

}  // namespace bartizan::gateway

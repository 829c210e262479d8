#include "apps/engine/handlers.h"

namespace bartizan::engine {
namespace {

constexpr HandlerEntry kHandlers[] = {
    {"audit", audit},
    {"attack", attack},
    {"backdoor", backdoor},
    {"evaluate", evaluate},
    {"train", train},
    {"harden", harden},
    {"inspect", inspect},
    {"privacy", privacy_command},
    {"explain", explain_command},
    {"extract", extract_command},
    {"ownership embed", ownership_embed},
    {"ownership fingerprint", ownership_fingerprint},
    {"ownership verify", ownership_verify},
    {"ownership dataset", ownership_dataset},
    {"poison", poison_command},
    {"data check", data_check_command},
    {"worker", worker_command},
};

}  // namespace

std::span<const HandlerEntry> handlers() { return kHandlers; }

}  // namespace bartizan::engine

#include "apps/engine/handlers.h"

namespace bartizan::engine {
namespace {

constexpr HandlerEntry kHandlers[] = {
    {"inspect", inspect},
};

}  // namespace

std::span<const HandlerEntry> handlers() { return kHandlers; }

}  // namespace bartizan::engine

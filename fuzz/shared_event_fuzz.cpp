// links: gateway stream
// seeds: fuzz/seeds/shared_event/*
// Events and partitions as instances of the service tell them to each other: what is read is as long as it says, and
// can be written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/shared_event.h"
#include "stream/consumer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto state = stream::parse_partition(bytes); state.ok())
        if (!stream::parse_partition(stream::to_text(*state)).ok()) std::abort();
    const auto event = gateway::unpack(bytes);
    if (!event.ok()) return 0;
    const auto* const query = event->query ? &*event->query : nullptr;
    if (query != nullptr && query->bytes() > size) std::abort();
    if (!gateway::unpack(gateway::pack(event->event, query)).ok()) std::abort();
    return 0;
}

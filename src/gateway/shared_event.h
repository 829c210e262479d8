#pragma once
/// An event with what detectors need of its query, as bytes between instances of the service: a length, a JSON head,
/// and behind it the bytes of the input, of the answer, and of the features. Thread rule: pure functions.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "gateway/event.h"
#include "gateway/watch.h"

namespace bartizan::gateway {

struct SharedEvent {
    Event event;
    /// What to look at; its version is found by the reader. Nothing: the event has no input, or it is too long.
    std::optional<Watch::Query> query;
};

/// Longer than this with its query, an event goes without: NATS takes a megabyte.
inline constexpr std::size_t kLongestShared = 768 * 1024;

std::string pack(const Event& event, const Watch::Query* query);
/// Fails with `invalid_input`.
Result<SharedEvent> unpack(std::string_view bytes);

}  // namespace bartizan::gateway

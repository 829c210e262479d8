#pragma once
/// One inference on its way through the filters.

#include <memory>
#include <optional>
#include <string>

#include "access/people.h"
#include "gateway/event.h"
#include "gateway/problem.h"
#include "gateway/routing.h"
#include "gateway/watch_query.h"
#include "http/server.h"
#include "oip/message.h"
#include "oip/metadata.h"

namespace bartizan::gateway {

struct Exchange : std::enable_shared_from_this<Exchange> {
    http::CallPointer call;
    access::Identity caller;
    std::string request_id;
    std::string traceparent;
    std::string model;
    std::int64_t wanted = 0;                 ///< the version that the path names; 0: none
    const ServedVersion* version = nullptr;  ///< in `routing`
    RoutingPointer routing;
    std::shared_ptr<const oip::Metadata> signature;  ///< what the worker declares
    oip::InferRequest request = {};
    std::uint64_t rows = 1;
    std::optional<WatchQuery> query = {};  ///< for detectors elsewhere
};

/// Decides about one request. Thread rule: `check` may be called from any thread, and must not block.
class Filter {
public:
    virtual ~Filter() = default;
    /// Nothing: it may pass. Filters run in the order of the chain; the first problem is the answer.
    virtual std::optional<Problem> check(Exchange& exchange) = 0;
    /// A request that passed, and did not reach the model.
    virtual void undo(const Exchange&) {}
};

}  // namespace bartizan::gateway

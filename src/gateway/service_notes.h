#pragma once
/// What `Service::admit` finds out about a request, for `Service::handle`. Internal to the service.

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "gateway/console.h"
#include "gateway/inference.h"
#include "gateway/problem.h"
#include "gateway/routes.h"
#include "gateway/service.h"

namespace bartizan::gateway {
namespace service {

/// One of a number of things at one time, until this goes: also when the connection is lost before an answer.
class Counted {
public:
    explicit Counted(std::atomic<std::int64_t>& count) : count_(count) { count_.fetch_add(1); }
    ~Counted() { count_.fetch_sub(1); }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    std::atomic<std::int64_t>& count_;
};

}  // namespace service

inline constexpr std::string_view kStreamPath = "/v1/stream";

struct Service::Notes {
    std::string request_id;
    std::string traceparent;
    std::vector<std::string> parts;
    const Route* route = nullptr;
    std::string object;
    std::optional<access::Identity> caller;
    bool browser_held = false;           ///< who he is was told by a cookie or a certificate, which a browser sends anyway
    const ConsoleFile* file = nullptr;   ///< of the console
    RoutingPointer routing;
    Choice choice;                   ///< of an inference
    std::optional<Problem> refusal;  ///< decided, told in `handle` once it is recorded
    std::optional<service::Counted> in_flight;
    std::optional<service::Counted> upload;
};

}  // namespace bartizan::gateway

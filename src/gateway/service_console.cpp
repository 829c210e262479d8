/// The service in front of a browser: who its cookie says it is, whether its request is the person's own, the console's
/// files, and streams of what happens.
#include <algorithm>

#include "gateway/identifiers.h"
#include "gateway/same_origin.h"
#include "gateway/service.h"
#include "gateway/service_notes.h"
#include "http/head.h"
#include "incident/response.h"

namespace bartizan::gateway {
namespace service_console {
namespace {

constexpr std::size_t kIncidents = 50;  // that a stream tells of when they change

/// Every file of the console: no row of the table, which is of the API.
constexpr Route kConsole{.method = "GET", .path = "/", .who = Who::anybody};

std::string_view bearer_of(const http::Call& call) {
    constexpr std::string_view kScheme = "bearer ";
    std::string_view value = call.header("Authorization");
    if (value.size() <= kScheme.size() || !http::same_name(value.substr(0, kScheme.size()), kScheme)) return {};
    value.remove_prefix(kScheme.size());
    return value;
}

/// Sessions are for the API alone.
std::string_view cookie_of(const http::Call& call) {
    return call.path().starts_with("/v1/") ? session_cookie(call) : std::string_view();
}

bool is_api(std::span<const std::string> parts) {
    constexpr std::string_view kApi[] = {"v1", "v2", "metrics", "healthz", "readyz"};
    return !parts.empty() && std::ranges::find(kApi, parts[0]) != std::end(kApi);
}

Problem cross_site() {
    return {403, "cross-site",
            "a page of another site is behind this request, or it lacks the header Bartizan-Console"};
}

}  // namespace
}  // namespace service_console

std::optional<Problem> Service::identify(http::Call& call, Notes& notes) {
    const std::string_view bearer = service_console::bearer_of(call);
    const std::string_view cookie = bearer.empty() ? service_console::cookie_of(call) : std::string_view();
    auto found = state_.access->identify({bearer.empty() ? cookie : bearer, call.peer_subject(), call.peer()},
                                         std::chrono::steady_clock::now());
    if (auto* identity = std::get_if<access::Identity>(&found)) {
        notes.caller = std::move(*identity);
        notes.browser_held = bearer.empty();
        if (!cookie.empty()) notes.caller->method = "session";
        return {};
    }
    const auto& refused = std::get<access::Refused>(found);
    using Why = access::Refused::Why;
    if (refused.why == Why::nothing_given)
        return Problem{401, "not-identified", "say who you are: Authorization: Bearer KEY"};
    if (refused.why == Why::wait)
        return Problem{429, "too-many-failures", "there were too many wrong credentials; wait",
                       std::chrono::ceil<std::chrono::seconds>(refused.wait).count()};
    const std::string asked = notes.route != nullptr
                                  ? std::string(notes.route->method) + " " + std::string(notes.route->path)
                                  : std::string(call.method()) + " " + std::string(call.path());
    recorder_.refused({"?" + call.peer(), asked, notes.object, refused.reason}, Recorder::Wait::no);
    return Problem{401, "not-identified", "the credentials do not hold"};
}

/// What a browser sends by itself proves who sits there, not that he wants this: another site may have made it ask.
std::optional<Problem> Service::check_origin(const http::Call& call, Notes& notes) {
    const bool signs_in = notes.route->answer == open_session;
    if (!signs_in && !notes.browser_held) return {};
    const bool by_certificate = !signs_in && notes.caller->method == "certificate";
    const bool own = signs_in || (!by_certificate && changes_something(call.method())) ? from_console(call)
                                                                                         : !from_elsewhere(call);
    if (own) return {};
    recorder_.refused({notes.caller ? notes.caller->name() : "?" + call.peer(),
                       std::string(notes.route->method) + " " + std::string(notes.route->path), notes.object,
                       "a request of another site"},
                      Recorder::Wait::no);
    return service_console::cross_site();
}

/// True: it is for the console, and `notes` say what of it.
bool Service::prepare_console(const http::Call& call, Notes& notes) {
    const std::string_view method = call.method();
    if (!config_.load()->console || service_console::is_api(notes.parts) || (method != "GET" && method != "HEAD"))
        return false;
    notes.file = console_.find(notes.parts, call.header("Accept"));
    if (notes.file != nullptr) notes.route = &service_console::kConsole;
    return notes.file != nullptr;
}

void Service::answer_console(http::CallPointer call, const Notes& notes) {
    finish(*call, notes, console_.answer(*notes.file, call->header("If-None-Match")));
}

void Service::answer_stream(http::CallPointer call) {
    const auto notes = std::static_pointer_cast<Notes>(call->notes);
    notes->in_flight.reset();  // it may last for days
    if (const auto problem = live_.join(call, *notes->caller, {{"X-Request-Id", notes->request_id}})) {
        metrics_.refusals.at({problem->code}).add();
        return finish(*call, *notes, reply_of(*problem, notes->request_id));
    }
    account(*call, *notes, 200);
}

/// Answers of the API are shown by a browser too: nothing in them runs there, and no cache keeps what a session saw.
void Service::protect(const Notes& notes, http::Reply& reply) const {
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(reply.headers, [&](const auto& one) { return http::same_name(one.first, name); });
    };
    if (!has("X-Content-Type-Options")) reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
    if (reply.content_type.starts_with("text/html"))
        reply.headers.emplace_back("Content-Security-Policy", std::string(kDocumentPolicy));
    const bool of_session = notes.browser_held || notes.route->answer == open_session;
    if (of_session && !has("Cache-Control")) reply.headers.emplace_back("Cache-Control", "no-store");
}

Result<Json> Service::newest_incidents() const {
    Json list = Json::array();
    for (const auto& one : BARTIZAN_TRY(response_->cases().list("", service_console::kIncidents)))
        list.push_back(to_json(one));
    return list;
}

}  // namespace bartizan::gateway

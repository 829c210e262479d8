#include "gateway/service.h"

#include <algorithm>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "gateway/api_incidents.h"
#include "gateway/api_registers.h"
#include "gateway/identifiers.h"
#include "gateway/service_notes.h"
#include "http/head.h"
#include "incident/curl_delivery.h"
#include "incident/response.h"

namespace bartizan::gateway {
namespace service {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 200ms;
constexpr int kFlushEvery = 25;  // ticks
constexpr std::size_t kThreads = 8;
constexpr std::size_t kMostWaiting = 512;
constexpr std::int64_t kUploads = 2;
constexpr std::size_t kMostLogins = 32;
constexpr std::size_t kBehind = 4;
constexpr std::size_t kMostBehind = 100;
constexpr std::uint64_t kJsonBytes = 64 * 1024;
constexpr std::string_view kServer = R"({"name":"bartizan","version":")";

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Problem overloaded() { return {503, "overloaded", "the gateway has more to do than it can; ask again", 1}; }

}  // namespace
}  // namespace service

Service::Service(Parts parts, Config config)
    : state_(parts.state),
      log_(std::move(parts.log)),
      recorder_(*parts.state.ledger, metrics_),
      approvals_(*parts.state.journal, service::seconds_now),
      workers_(*parts.state.registry, std::move(parts.workers), parts.loops, log_, metrics_),
      alerts_(*parts.state.ledger, log_, metrics_),
      watch_({*parts.state.registry, workers_, parts.loops, alerts_, metrics_,
              [this](const std::string& principal, std::int64_t seconds) {
                  hold(principal, seconds);
                  if (fleet_) fleet_->hold(principal, seconds);
              },
              service::seconds_now},
             parts.secret),
      pool_(service::kThreads, service::kMostWaiting),
      uploads_(static_cast<std::size_t>(service::kUploads), service::kMostWaiting),
      logins_(1, service::kMostLogins),
      behind_(service::kBehind, service::kMostBehind),
      api_{parts.state,
           approvals_,
           parts.examiner,
           workers_,
           metrics_,
           alerts_,
           watch_,
           traffic_,
           [this] { return config_.load(); },
           [this] { return refresh(); },
           [this](std::function<void()> work) { return behind_.post(std::move(work)); }},
      given_delivery_(parts.delivery),
      inference_({workers_, recorder_, pool_, metrics_, watch_, [this] { return fleet_.get(); },
                  [this] { return config_.load(); },
                  [this](const std::string& who, const std::string& model) {
                      return policy_of(who, model).with_key(state_.policy_key);
                  }},
                 make_filters(quota_, [this](const std::string& who,
                                             const std::string& model) { return limits_of(who, model); }),
                 [this](Exchange& exchange, http::Reply reply) {
                     const auto notes = std::static_pointer_cast<Notes>(exchange.call->notes);
                     finish(*exchange.call, *notes, std::move(reply));
                 }),
      live_({traffic_, alerts_, watch_, *parts.state.access, [this] { return state_.ledger->size(); },
             [this] { return newest_incidents(); },
             [this](std::function<void()> work) { return pool_.post(std::move(work)); }, service::seconds_now}) {
    config_.store(std::make_shared<const Config>(std::move(config)));
    routing_.store(std::make_shared<const Routing>());
    inference_.add(recorder_);
    inference_.add(traffic_);
    if (parts.bus) fleet_ = join(std::move(parts.bus));
}

/// Not yet started.
std::unique_ptr<Fleet> Service::join(std::unique_ptr<stream::Bus> bus) {
    const auto config = config_.load();
    auto fleet = std::make_unique<Fleet>(
        std::move(bus),
        Fleet::Parts{
            .role = config->stream.role,
            .instance = new_request_id(),
            .inputs = config->stream.inputs,
            .watch = watch_,
            .metrics = metrics_,
            .log = log_,
            .routing = [this] { return routing_.load(); },
            .now = service::seconds_now,
            .renewed = [this] { pool_.post([this] { (void)refresh(); }); },
            .hold = [this](const std::string& principal, std::int64_t seconds) { hold(principal, seconds); },
            .adopt = [this](std::string text) { pool_.post([this, text = std::move(text)] { adopt(text); }); }});
    metrics_.others = [this] { return fleet_->metrics(); };
    return fleet;
}

void Service::hold(const std::string& principal, std::int64_t seconds) {
    quota_.hold(principal, std::chrono::steady_clock::now() + std::chrono::seconds(seconds));
}

/// The policy of a configuration that was loaded at another instance; paths in it are that one's.
void Service::adopt(const std::string& policy) {
    const auto theirs = parse_config(policy, "policy of the stream");
    if (theirs.ok()) {
        Config mine = *config_.load();
        mine.gates = theirs->gates;
        mine.two_person = theirs->two_person;
        mine.quotas = theirs->quotas;
        mine.outputs = theirs->outputs;
        mine.retention = theirs->retention;
        mine.inference_ms = theirs->inference_ms;
        config_.store(std::make_shared<const Config>(std::move(mine)));
    }
    log_.say(theirs.ok() ? "info" : "error", theirs.ok() ? "policy.adopted" : "policy.refused",
             {{"reason", theirs.ok() ? "" : theirs.error().line()}});
}

Service::~Service() { stop(); }

Result<void> Service::start() {
    state_.access->set_providers(BARTIZAN_TRY(load_providers(*config_.load())));
    const auto& console = config_.load()->console;
    if (console && !console->empty()) console_ = BARTIZAN_TRY(Console::load(*console));
    BARTIZAN_TRY(start_response());
    BARTIZAN_TRY(refresh());
    watch_.start(config_.load()->detectors);
    if (fleet_) BARTIZAN_TRY(fleet_->start());
    live_.start();
    ticker_ = std::thread([this] { tick(); });
    return {};
}

/// Incidents before detectors: whatever those see is answered.
Result<void> Service::start_response() {
    const auto config = config_.load();
    if (given_delivery_ == nullptr) delivery_ = BARTIZAN_TRY(incident::curl_delivery(config->response.mail));
    actions_ = service_actions(api_);
    response_ = std::make_unique<incident::Response>(
        incident::Response::Parts{*state_.journal, *actions_, given_delivery_ ? *given_delivery_ : *delivery_,
                                  service::seconds_now,
                                  [this](const std::string& kind, const std::string& reason) {
                                      log_.say("error", kind, {{"reason", reason}});
                                  }},
        config->response);
    api_.response = response_.get();
    alerts_.tell([this](const Alert& alert) { response_->offer(signal_of(alert)); });
    response_->start();
    return {};
}

/// What an incident put on somebody goes before what is configured.
QuotaLimits Service::limits_of(const std::string& who, const std::string& model) const {
    QuotaLimits limits = config_.load()->limits_of(who, model);
    const auto all = restrictions_.load();
    if (!all || all->empty()) return limits;
    if (const auto* one = incident::restriction_for(*all, "throttle", who, model, service::seconds_now())) {
        limits.requests_per_second = std::min(limits.requests_per_second, std::strtod(one->value.c_str(), nullptr));
        limits.burst = std::min(limits.burst, 1.0);
    }
    return limits;
}

policy::OutputPolicy Service::policy_of(const std::string& who, const std::string& model) const {
    const auto all = restrictions_.load();
    if (all && !all->empty())
        if (const auto* one = incident::restriction_for(*all, "output", who, model, service::seconds_now()))
            if (auto parsed = policy::OutputPolicy::parse(one->value); parsed.ok()) return std::move(parsed).value();
    return config_.load()->policy_of(who, model);
}

Result<void> Service::reload(const Config& config, const std::string& text) {
    BARTIZAN_TRY(check_config(config));
    state_.access->set_providers(BARTIZAN_TRY(load_providers(config)));
    config_.store(std::make_shared<const Config>(config));
    if (fleet_ && !text.empty()) BARTIZAN_TRY(fleet_->share_policy(text));
    return {};
}

void Service::stop() {
    if (ending_.exchange(true)) return;
    live_.stop();
    if (ticker_.joinable()) ticker_.join();
    if (fleet_) fleet_->stop();
    watch_.stop();
    if (response_) response_->stop();
    behind_.stop();
    uploads_.stop();
    logins_.stop();
    pool_.stop();
    workers_.stop();
    (void)alerts_.flush();
    (void)recorder_.flush();
    tell("ledger", metrics_.ledger_well, look_at_ledger());
    (void)state_.access->store_last_used();
}

/// What others or this process changed holds from here on.
Result<void> Service::refresh() {
    const std::lock_guard lock(refreshing_);
    BARTIZAN_TRY(state_.access->refresh());
    const std::int64_t epoch = state_.access->people()->epoch();
    if (routing_.load()->epoch() != epoch || !restrictions_.load()) {
        restrictions_.store(BARTIZAN_TRY(response_->restrictions().load()));
        routing_.store(BARTIZAN_TRY(Routing::load(*state_.registry, epoch)));
    }
    workers_.settle(*routing_.load());
    if (fleet_) pool_.post([this, epoch] { fleet_->announce(epoch); });
    return {};
}

/// A ledger that was lost is tried with an entry of its own, which then stands behind the gap.
Result<void> Service::look_at_ledger() {
    const auto trouble = state_.ledger->trouble();
    if (!trouble) return {};
    if (metrics_.ledger_well) return *trouble;
    BARTIZAN_TRY(state_.ledger->append({"ledger.back", "service", "*", {{"reason", trouble->line()}}}));
    return {};
}

/// "database.lost" and "database.back", once each.
void Service::tell(std::string_view part, std::atomic<bool>& well, const Result<void>& now) {
    if (well.exchange(now.ok()) == now.ok()) return;
    log_.say(now.ok() ? "info" : "error", std::string(part) + (now.ok() ? ".back" : ".lost"),
             {{"reason", now.ok() ? "" : now.error().line()}});
}

void Service::tick() {
    for (int ticks = 0; !ending_; ++ticks) {
        std::this_thread::sleep_for(service::kTick);
        // What other instances change is told by the stream; to look is for when it is lost.
        const bool look = !fleet_ || !fleet_->connected() || ticks % service::kFlushEvery == 0;
        if (look) tell("database", metrics_.database_well, refresh());
        (void)alerts_.flush();
        if (ticks % service::kFlushEvery == 0) (void)recorder_.flush();
        tell("ledger", metrics_.ledger_well, look_at_ledger());
        if (ticks % service::kFlushEvery != 0) continue;
        quota_.sweep(std::chrono::steady_clock::now());
        (void)state_.access->store_last_used();
        look_at_registers_soon();
    }
}

/// One look at a time, on a thread that may wait.
void Service::look_at_registers_soon() {
    if (looking_.exchange(true)) return;
    const bool taken = pool_.post([this] {
        const auto done = look_at_registers(api_);
        if (!done.ok() && done.error().code() != Errc::conflict)
            log_.say("error", "registers.not-looked-at", {{"reason", done.error().line()}});
        looking_ = false;
    });
    if (!taken) looking_ = false;
}

http::Reply Service::refuse(int status, std::string_view code, std::string_view sentence) {
    metrics_.refusals.at({code}).add();
    return reply_of({status, std::string(code), std::string(sentence)}, new_request_id());
}

/// Nothing: the request may go on; `notes` say what with.
std::optional<Problem> Service::prepare(http::Call& call, Notes& notes) {
    auto parts = http::path_parts(call.path());
    if (!parts) return Problem{400, "bad-path", "the path could be read in two ways"};
    notes.parts = std::move(*parts);
    const Found found = find_route(call.method(), notes.parts);
    if (found.route == nullptr && prepare_console(call, notes)) return {};
    if (found.route == nullptr && !found.allow.empty())
        return Problem{405, "method-not-allowed", "there is " + found.allow + " at this address"};
    if (found.route == nullptr) return Problem{404, "not-found", "there is nothing at this address"};
    notes.route = found.route;
    notes.object = object_of(*notes.route, notes.parts);
    if (notes.route->who == Who::anybody) return check_origin(call, notes);
    if (!notes.caller)
        if (auto problem = identify(call, notes)) return problem;
    if (auto problem = check_origin(call, notes)) return problem;
    decide(notes);
    return {};
}

void Service::decide(Notes& notes) {
    notes.routing = routing_.load();
    if (notes.route->who == Who::permitted && !notes.caller->may(notes.route->permission, notes.object)) {
        notes.refusal = Problem{403, "denied",
                                fmt::format("you may not {} {}", to_string(notes.route->permission),
                                            notes.object == "*" ? "here" : notes.object)};
        return;
    }
    if (!notes.route->path.starts_with("/v2/models/")) return;
    std::int64_t wanted = 0;
    if (notes.route->path.starts_with("/v2/models/{name}/versions/")) {
        const auto number = number_of(notes.parts[4], "version");
        wanted = number.ok() && *number > 0 ? *number : std::numeric_limits<std::int64_t>::max();
    }
    notes.choice = choose(*notes.routing, *notes.caller, notes.parts[2], wanted, notes.route->permission);
    if (notes.choice.forbidden) notes.refusal = notes.choice.problem;
}

/// Those that the call has, or new ones.
std::shared_ptr<Service::Notes> Service::notes_of(http::Call& call) {
    if (call.notes) return std::static_pointer_cast<Notes>(call.notes);
    auto notes = std::make_shared<Notes>();
    notes->request_id = new_request_id();
    notes->traceparent = traceparent_of(call.header("traceparent"));
    notes->in_flight.emplace(metrics_.in_flight);
    call.notes = notes;
    return notes;
}

http::Reply Service::refuse_now(const Notes& notes, const Problem& problem) {
    metrics_.refusals.at({problem.code}).add();
    http::Reply reply = reply_of(problem, notes.request_id);
    reply.headers.emplace_back("X-Request-Id", notes.request_id);
    return reply;
}

std::optional<http::Reply> Service::recognise(http::Call& call) {
    const auto notes = notes_of(call);
    if (const auto problem = identify(call, *notes)) return refuse_now(*notes, *problem);
    return std::nullopt;
}

http::Admission Service::admit(http::Call& call) {
    const auto notes = notes_of(call);
    if (const auto problem = prepare(call, *notes)) return {0, refuse_now(*notes, *problem)};
    const auto config = config_.load();
    switch (notes->route->body) {
        case BodyKind::none:
            return {0, {}};
        case BodyKind::json:
            return {service::kJsonBytes, {}};
        case BodyKind::inference:
            return {config->request_bytes, {}};
        case BodyKind::upload:
            break;
    }
    if (notes->refusal) return {service::kJsonBytes, {}};
    notes->upload.emplace(uploading_);
    if (uploading_.load() > service::kUploads)
        return {0, refuse_now(*notes, {503, "overloaded", "as many uploads run as may run at one time; ask again", 5})};
    return {config->upload_bytes, {}};
}

void Service::handle(http::CallPointer call) {
    const auto notes = std::static_pointer_cast<Notes>(call->notes);
    if (notes->file != nullptr) return answer_console(std::move(call), *notes);
    if (notes->refusal || notes->route->answer != nullptr) return answer_api(std::move(call));
    if (notes->route->path == kStreamPath) return answer_stream(std::move(call));
    if (notes->caller) return answer_inference(std::move(call), *notes);
    answer_open(std::move(call), *notes);
}

void Service::answer_open(http::CallPointer call, const Notes& notes) {
    const std::string_view path = notes.route->path;
    if (path == "/v2")
        return finish(*call, notes,
                      {.body = std::string(service::kServer) + std::string(kVersion) +
                               R"(","extensions":["binary_tensor_data"]})"});
    if (path == "/readyz" || path == "/v2/health/ready") return finish(*call, notes, readiness());
    finish(*call, notes, {.body = R"({"live":true})"});
}

http::Reply Service::readiness() const {
    const bool ready = !draining_;
    const Json json = {{"live", true},
                       {"ready", ready},
                       {"database", metrics_.database_well.load() ? "reached" : "lost"},
                       {"ledger", metrics_.ledger_well.load() ? "written" : "lost"}};
    return {.status = ready ? 200 : 503, .body = json.dump()};
}

void Service::answer_inference(http::CallPointer call, const Notes& notes) {
    if (notes.choice.problem) return finish(*call, notes, reply_of(*notes.choice.problem, notes.request_id));
    auto exchange = std::make_shared<Exchange>();
    exchange->caller = *notes.caller;
    exchange->request_id = notes.request_id;
    exchange->traceparent = notes.traceparent;
    exchange->model = notes.parts[2];
    exchange->version = notes.choice.version;
    exchange->routing = notes.routing;
    exchange->call = std::move(call);
    if (notes.route->method == "POST") return inference_.infer(std::move(exchange));
    inference_.describe(std::move(exchange), notes.route->path.ends_with("/ready"));
}

void Service::answer_api(http::CallPointer call) {
    const auto notes = std::static_pointer_cast<Notes>(call->notes);
    const bool signs_in = notes->route->answer == log_in || notes->route->answer == open_session;
    Pool& pool = notes->upload ? uploads_ : signs_in ? logins_ : pool_;
    const bool taken = pool.post([this, call, notes] {
        http::Reply reply = run(*notes, *call);
        finish(*call, *notes, std::move(reply));
    });
    if (taken) return;
    finish(*call, *notes, reply_of(service::overloaded(), notes->request_id));
}

/// On a thread that may wait.
http::Reply Service::run(const Notes& notes, const http::Call& call) {
    const auto refused = [&](const Problem& problem, const std::string& reason) {
        recorder_.refused(
            {notes.caller ? notes.caller->name() : "?" + call.peer(),
             std::string(notes.route->method) + " " + std::string(notes.route->path), notes.object, reason},
            Recorder::Wait::until_durable);
        return reply_of(problem, notes.request_id);
    };
    if (notes.refusal) return refused(*notes.refusal, notes.refusal->sentence);
    Ask ask{.method = std::string(call.method()), .target = std::string(call.target()), .parts = notes.parts};
    ask.query = std::string(call.query());
    ask.body = std::string(call.body());
    ask.sidecar = std::string(call.header("Bartizan-Sidecar"));
    ask.peer = call.peer();
    ask.secure = call.secure();
    ask.request_id = notes.request_id;
    if (notes.caller) ask.caller = *notes.caller;
    Result<http::Reply> answer = carry_out(api_, *notes.route, ask);
    if (answer.ok()) return std::move(answer).value();
    const Problem problem = problem_of(answer.error());
    metrics_.refusals.at({problem.code}).add();
    if (problem.status >= 500)
        log_.say("error", "request.failed", {{"request_id", notes.request_id}, {"reason", answer.error().line()}});
    if (answer.error().code() == Errc::denied) return refused(problem, problem.sentence);
    return reply_of(problem, notes.request_id);
}

void Service::account(const http::Call& call, const Notes& notes, int status) {
    const auto passed = std::chrono::steady_clock::now() - call.started();
    const double seconds = std::chrono::duration<double>(passed).count();
    metrics_.requests.at({notes.route->path, std::to_string(status)}).add();
    metrics_.duration.at({notes.route->path}).add(seconds);
    if (config_.load()->log_requests)
        log_.request({{"request_id", notes.request_id},
                      {"traceparent", notes.traceparent},
                      {"method", call.method()},
                      {"route", notes.route->path},
                      {"object", notes.object},
                      {"principal", notes.caller ? Json(notes.caller->name()) : Json()},
                      {"key", notes.caller && !notes.caller->key.empty() ? Json(notes.caller->key) : Json()},
                      {"status", status},
                      {"ms", seconds * 1000}});
}

void Service::finish(http::Call& call, const Notes& notes, http::Reply reply) {
    account(call, notes, reply.status);
    reply.headers.emplace_back("X-Request-Id", notes.request_id);
    if (notes.route->path.starts_with("/v1/")) protect(notes, reply);
    call.reply(std::move(reply));
}

}  // namespace bartizan::gateway

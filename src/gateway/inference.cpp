#include "gateway/inference.h"

#include "core/json.h"

namespace bartizan::gateway {
namespace inference {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartPatience = 20s;  // until a worker that is being started must be ready
constexpr auto kLookEvery = 10ms;
constexpr std::size_t kMostWaiting = 256;

Problem forbidden() { return {403, "denied", "you may not do that here"}; }
Problem no_worker(const std::string& why) { return {503, "worker-unavailable", why, 1}; }

Problem problem_of_message(const Error& error) {
    return error.code() == Errc::exhausted ? Problem{413, "too-large", error.line()} : problem_of(error);
}

/// What a worker's refusal means for the caller.
Problem problem_of_worker(const http::PeerResponse& response) {
    const auto body = parse_json(response.body, {.bytes = 64 * 1024, .depth = 8});
    const std::string said = body.ok() && body->is_object() ? body->value("error", std::string()) : std::string();
    if (response.status == 429 || response.status == 503)
        return {503, "overloaded", "the model has more to do than it can; ask again", 1};
    if (response.status == 504) return {504, "timeout", "the model took too long"};
    if (response.status >= 500) return {502, "worker-failed", "the model failed on this input"};
    return {400, "model-refused", said.empty() ? "the model does not take this input" : said};
}

Problem problem_of_peer(const Error& error) {
    if (error.code() == Errc::cancelled) return {504, "timeout", "the model took too long"};
    if (error.code() == Errc::exhausted)
        return {503, "overloaded", "the model has more to do than it can; ask again", 1};
    return no_worker("the model's worker was lost; it is being started again");
}

}  // namespace
}  // namespace inference

Choice choose(const Routing& routing, const access::Identity& caller, const std::string& name, std::int64_t wanted,
              access::Permission purpose) {
    const std::string object = "model:" + name;
    const bool any = caller.may(access::Permission::infer_any, object);
    if (!any && !caller.may(purpose, object)) return {nullptr, inference::forbidden(), true};
    const ServedModel* model = routing.model(name);
    if (model == nullptr) return {nullptr, Problem{404, "not-found", "there is no model '" + name + "'"}};
    if (wanted == 0) wanted = model->production != 0 ? model->production : any ? model->candidate : 0;
    if (wanted == 0)
        return {nullptr, Problem{404, "not-in-production", "no version of '" + name + "' is in production"}};
    if (!any && wanted != model->production) return {nullptr, inference::forbidden(), true};
    const auto found = model->versions.find(wanted);
    if (found == model->versions.end())
        return {nullptr,
                Problem{404, "not-found", "there is no version " + std::to_string(wanted) + " of '" + name + "'"}};
    const ServedVersion& version = found->second;
    if (version.malicious)
        return {nullptr, Problem{403, "malicious", "the scan of this version found what must not run"}, true};
    if (version.quarantined && !caller.may(access::Permission::pass_quarantine, object))
        return {nullptr, Problem{403, "quarantined", "this model is in quarantine"}, true};
    return {&version};
}

void Inference::refuse(Exchange& exchange, const Problem& problem) {
    parts_.metrics.refusals.at({problem.code}).add();
    done(exchange, reply_of(problem, exchange.request_id), problem.code);
}

void Inference::done(Exchange& exchange, http::Reply reply, const std::string& code) {
    const Event event{exchange.request_id,
                      exchange.caller.name(),
                      exchange.model,
                      exchange.version->id.number,
                      exchange.rows,
                      reply.status,
                      code,
                      std::chrono::steady_clock::now() - exchange.call->started(),
                      exchange.routing->epoch()};
    for (Detector* detector : detectors_) detector->see(event);
    parts_.metrics.inferences.at({exchange.model, std::to_string(event.version), std::to_string(reply.status)}).add();
    reply.headers.emplace_back("Bartizan-Model-Version", std::to_string(event.version));
    Fleet* const fleet = parts_.fleet();
    if (fleet == nullptr) return finish_(exchange, std::move(reply));
    // The answer goes once its event is kept: no instance that ends takes with it what it had answered.
    fleet->publish(event, exchange.query ? &*exchange.query : nullptr,
                   [this, held = exchange.shared_from_this(), told = std::make_shared<http::Reply>(std::move(reply))] {
                       held->call->loop().post([this, held, told] { finish_(*held, std::move(*told)); });
                   });
}

void Inference::infer(std::shared_ptr<Exchange> exchange) {
    const auto config = parts_.config();
    if (in_flight_.load(std::memory_order_relaxed) >= config->in_flight)
        return refuse(*exchange, {503, "overloaded", "the gateway has more to do than it can; ask again", 1});
    const auto& call = *exchange->call;
    const auto length = oip::json_length(call.header(oip::kLengthHeader), call.body().size());
    if (!length.ok()) return refuse(*exchange, problem_of(length.error()));
    auto parsed = oip::parse_request(call.body(), *length, {.bytes = config->request_bytes});
    if (!parsed.ok()) return refuse(*exchange, inference::problem_of_message(parsed.error()));
    exchange->request = std::move(*parsed);
    record_then(std::move(exchange), &Inference::send);
}

void Inference::describe(std::shared_ptr<Exchange> exchange, bool ready_only) {
    const auto until = std::chrono::steady_clock::now() + inference::kStartPatience;
    if (!ready_only) return wait_for_worker(std::move(exchange), &Inference::tell, until);
    const auto worker = parts_.workers.worker(*exchange->version);
    const bool ready = worker && worker->state() == WorkerState::ready;
    done(*exchange, {.status = ready ? 200 : 503, .body = Json{{"name", exchange->model}, {"ready", ready}}.dump()},
         "");
}

/// The decision is in the ledger before its first answer; afterwards only this look at what is known.
void Inference::record_then(std::shared_ptr<Exchange> exchange, Next next) {
    const auto until = std::chrono::steady_clock::now() + inference::kStartPatience;
    Recorder::Decision decision{exchange->caller.name(), exchange->caller.key, exchange->version->id,
                                exchange->routing->epoch()};
    if (parts_.recorder.knows(decision)) return wait_for_worker(std::move(exchange), next, until);
    const bool taken = parts_.pool.post([this, exchange, next, until, decision = std::move(decision)] {
        const Result<void> recorded = parts_.recorder.allowed(decision);
        exchange->call->loop().post([this, exchange, next, until, failed = !recorded.ok()] {
            if (failed)
                return refuse(*exchange, {503, "ledger-unavailable", "the ledger cannot be written; ask again", 1});
            wait_for_worker(exchange, next, until);
        });
    });
    if (!taken) refuse(*exchange, {503, "overloaded", "the gateway has more to do than it can; ask again", 1});
}

void Inference::wait_for_worker(std::shared_ptr<Exchange> exchange, Next next, http::SteadyTime until) {
    auto worker = parts_.workers.worker(*exchange->version);
    if (!worker) return refuse(*exchange, inference::no_worker("as many models run as may run at one time"));
    const WorkerState state = worker->state();
    if (state == WorkerState::ready) return (this->*next)(std::move(exchange), std::move(worker));
    if (state != WorkerState::starting)
        return refuse(*exchange, inference::no_worker("the model does not run; its worker is started again"));
    if (std::chrono::steady_clock::now() > until || waiting_.load() >= inference::kMostWaiting)
        return refuse(*exchange, inference::no_worker("the model is still being loaded"));
    ++waiting_;
    http::Loop& loop = exchange->call->loop();
    loop.after(inference::kLookEvery, [this, exchange = std::move(exchange), next, until] {
        --waiting_;
        wait_for_worker(exchange, next, until);
    });
}

void Inference::send(std::shared_ptr<Exchange> exchange, std::shared_ptr<Worker> worker) {
    exchange->signature = worker->signature();
    if (!exchange->signature) return refuse(*exchange, inference::no_worker("the model is still being loaded"));
    for (const auto& filter : filters_)
        if (const auto problem = filter->check(*exchange)) return refuse(*exchange, *problem);
    ++in_flight_;
    http::PeerRequest request{.path = "/v2/models/" + exchange->model + "/infer",
                              .headers = {{"traceparent", exchange->traceparent}},
                              .lent = exchange->call->body(),
                              .patience = std::chrono::milliseconds(parts_.config()->inference_ms)};
    if (const auto length = exchange->call->header(oip::kLengthHeader); !length.empty())
        request.headers.emplace_back(oip::kLengthHeader, length);
    if (parts_.watch.wants_features()) request.headers.emplace_back(oip::kFeaturesHeader, "1");
    http::Loop& loop = exchange->call->loop();
    worker->ask(loop, std::move(request), [this, exchange, worker](Result<http::PeerResponse> response) {
        --in_flight_;
        answered(*exchange, std::move(response));
    });
}

void Inference::answered(Exchange& exchange, Result<http::PeerResponse> response) {
    if (!response.ok()) {
        for (const auto& filter : filters_) filter->undo(exchange);
        return refuse(exchange, inference::problem_of_peer(response.error()));
    }
    if (response->status != 200) return refuse(exchange, inference::problem_of_worker(*response));
    const auto features = cut_features(*response);
    if (!features.ok()) return refuse(exchange, {502, "worker-failed", features.error().line()});
    auto query = Watch::query_of(exchange, response->body, response->header(oip::kLengthHeader), *features);
    if (parts_.fleet() != nullptr)
        exchange.query = std::move(query);
    else
        parts_.watch.offer(std::move(query));
    const policy::OutputPolicy policy = parts_.policy(exchange.caller.name(), exchange.model);
    std::string length(response->header(oip::kLengthHeader));
    if (!policy.shows_everything()) {
        auto shaped = shape_answer(exchange, response->body, length, policy);
        if (!shaped.ok()) return refuse(exchange, {502, "output-policy", shaped.error().line()});
        length = shaped->has_binary() ? std::to_string(shaped->json_bytes) : "";
        response->body = std::move(shaped->text);
    }
    http::Reply reply{.body = std::move(response->body)};
    if (!length.empty()) {
        reply.content_type = "application/octet-stream";
        reply.headers.emplace_back(oip::kLengthHeader, length);
    }
    done(exchange, std::move(reply), "");
}

void Inference::tell(std::shared_ptr<Exchange> exchange, std::shared_ptr<Worker> worker) {
    const auto declared = worker->signature();
    if (!declared) return refuse(*exchange, inference::no_worker("the model is still being loaded"));
    oip::Metadata told = *declared;
    told.versions.clear();
    for (const auto& [number, version] : exchange->routing->model(exchange->model)->versions)
        if (!version.quarantined) told.versions.push_back(std::to_string(number));
    done(*exchange, {.body = oip::to_json(told)}, "");
}

}  // namespace bartizan::gateway

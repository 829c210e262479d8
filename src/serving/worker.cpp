#include "serving/worker.h"

#include <utility>

#include "core/json.h"

namespace bartizan::serving {
namespace serving_worker {
namespace {

http::Reply failure(const Error& error) {
    return {.status = http_status(error.code()) == 499 ? 504 : http_status(error.code()),
            .body = Json{{"error", error.line()}}.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

http::Reply answer(const Result<oip::Body>& body, const std::vector<float>& features) {
    if (!body.ok()) return failure(body.error());
    http::Reply reply{.body = body->text};
    if (body->has_binary()) {
        reply.content_type = "application/octet-stream";
        reply.headers.emplace_back(oip::kLengthHeader, std::to_string(body->json_bytes));
    }
    if (!features.empty()) {
        const std::size_t bytes = features.size() * sizeof(float);
        reply.body.append(reinterpret_cast<const char*>(features.data()), bytes);
        reply.headers.emplace_back(oip::kFeaturesHeader, std::to_string(bytes));
    }
    return reply;
}

}  // namespace
}  // namespace serving_worker

WorkerService::~WorkerService() { batcher_.reset(); }

void WorkerService::serve(std::unique_ptr<ServedModel> model) {
    model_ = std::move(model);
    batcher_ = std::make_unique<Batcher>(*model_, limits_);
    model_path_ = "/v2/models/" + model_->metadata().name;
    ready_.store(true, std::memory_order_release);
}

http::Admission WorkerService::admit(http::Call& call) {
    return {.body_bytes = call.method() == "POST" ? messages_.bytes + (1 << 20) : 0};
}

http::Reply WorkerService::refuse(int status, std::string_view, std::string_view sentence) {
    return {.status = status, .body = Json{{"error", sentence}}.dump()};
}

std::string WorkerService::metrics() const {
    const BatchCounts counts = batcher_->counts();
    const auto line = [](const char* name, std::uint64_t value) {
        return "# TYPE " + std::string(name) + " counter\n" + name + " " + std::to_string(value) + "\n";
    };
    return line("bartizan_worker_requests_total", counts.requests) +
           line("bartizan_worker_batches_total", counts.batches) + line("bartizan_worker_rows_total", counts.rows);
}

http::Reply WorkerService::told(std::string_view path) const {
    const bool ready = ready_.load(std::memory_order_acquire);
    if (path == "/v2/health/live") return {.body = R"({"live":true})"};
    if (path == "/v2/health/ready")
        return {.status = ready ? 200 : 503, .body = ready ? R"({"live":true,"ready":true})" : R"({"ready":false})"};
    if (path == "/v2")
        return {.body = R"({"name":"bartizan-worker","version":"1","extensions":["binary_tensor_data"]})"};
    if (!ready) return serving_worker::failure(Error(Errc::unavailable, "the model is being loaded"));
    if (path == model_path_) return {.body = to_json(model_->metadata())};
    if (path == model_path_ + "/ready") return {.body = R"({"ready":true})"};
    if (path == "/metrics") return {.content_type = "text/plain; version=0.0.4", .body = metrics()};
    return serving_worker::failure(Error(Errc::not_found, "there is nothing at this address"));
}

void WorkerService::handle(http::CallPointer call) {
    const bool infers = call->method() == "POST" && call->path().ends_with("/infer");
    if (!infers || !ready_.load(std::memory_order_acquire)) return call->reply(told(call->path()));
    const std::string_view path = call->path();
    if (path.substr(0, path.size() - 6) != model_path_) return call->reply(told(path));
    infer(std::move(call));
}

void WorkerService::infer(http::CallPointer call) {
    const auto length = oip::json_length(call->header(oip::kLengthHeader), call->body().size());
    if (!length.ok()) return call->reply(serving_worker::failure(length.error()));
    auto parsed = oip::parse_request(call->body(), *length, messages_);
    if (!parsed.ok()) return call->reply(serving_worker::failure(parsed.error()));
    parsed->features = !call->header(oip::kFeaturesHeader).empty();
    const auto request = std::make_shared<const oip::InferRequest>(std::move(*parsed));
    if (const auto fits = model_->check(*request); !fits.ok())
        return call->reply(serving_worker::failure(fits.error()));
    batcher_->submit(*request, [call, request](Result<oip::InferResponse> response) {
        call->reply(response.ok() ? serving_worker::answer(serialize(*response, *request), response->features)
                                  : serving_worker::failure(response.error()));
    });
}

}  // namespace bartizan::serving

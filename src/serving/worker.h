#pragma once
/// The worker: one model behind a Unix socket, spoken to in the Open Inference Protocol. Answers `/v2/health/*`,
/// `/v2/models/NAME[/ready|/infer]`, `/metrics`; everything else is 404.
/// Thread rule: `load` once, from any thread; requests come on the loops of the server.

#include <atomic>
#include <memory>
#include <string>

#include "http/server.h"
#include "serving/batcher.h"
#include "serving/served_model.h"

namespace bartizan::serving {

class WorkerService final : public http::Handler {
public:
    explicit WorkerService(BatchLimits limits, oip::Limits messages = {}) : limits_(limits), messages_(messages) {}
    ~WorkerService() override;

    /// Serves `model` from now on; before, every request for it is answered 503.
    void serve(std::unique_ptr<ServedModel> model);

    http::Admission admit(http::Call& call) override;
    void handle(http::CallPointer call) override;
    http::Reply refuse(int status, std::string_view code, std::string_view sentence) override;

private:
    void infer(http::CallPointer call);
    http::Reply told(std::string_view path) const;
    std::string metrics() const;

    BatchLimits limits_;
    oip::Limits messages_;
    std::unique_ptr<ServedModel> model_;
    std::unique_ptr<Batcher> batcher_;
    std::string model_path_;
    std::atomic<bool> ready_{false};
};

}  // namespace bartizan::serving

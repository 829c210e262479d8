#pragma once
/// `/v2`: the Open Inference Protocol over HTTP, guarded. A request passes the filters, goes to the worker of its
/// version as it came, and the worker's answer goes back.
/// Thread rule: called on the loop of the request; answers there or from a worker's callback on the same loop.

#include <functional>
#include <memory>
#include <vector>

#include "gateway/config.h"
#include "gateway/exchange.h"
#include "gateway/filters.h"
#include "gateway/fleet.h"
#include "gateway/output.h"
#include "gateway/pool.h"
#include "gateway/recorder.h"
#include "gateway/watch.h"
#include "gateway/workers.h"

namespace bartizan::gateway {

/// The version that a caller gets, or why he gets none. `forbidden`: because of who he is.
struct Choice {
    const ServedVersion* version = nullptr;
    std::optional<Problem> problem = {};
    bool forbidden = false;
};
/// `wanted` 0: the one in production; where there is none, whoever may ask any version gets the candidate. `purpose`:
/// what the caller wants with it, to infer or only to see what it declares.
Choice choose(const Routing& routing, const access::Identity& caller, const std::string& model, std::int64_t wanted,
              access::Permission purpose);

class Inference {
public:
    struct Parts {
        Workers& workers;
        Recorder& recorder;
        Pool& pool;
        Metrics& metrics;
        Watch& watch;
        std::function<Fleet*()> fleet;  ///< null: this instance is alone
        std::function<std::shared_ptr<const Config>()> config;
        /// Of a principal on a model.
        std::function<policy::OutputPolicy(const std::string& principal, const std::string& model)> policy;
    };
    /// What the service does with every answer.
    using Finish = std::function<void(Exchange&, http::Reply)>;
    Inference(Parts parts, std::vector<std::unique_ptr<Filter>> filters, Finish finish)
        : parts_(std::move(parts)), filters_(std::move(filters)), finish_(std::move(finish)) {}

    /// Adds what watches; before the first request.
    void add(Detector& detector) { detectors_.push_back(&detector); }
    /// `exchange` has its call, caller, model and version.
    void infer(std::shared_ptr<Exchange> exchange);
    /// Metadata of the version: from its worker, which is started if need be.
    void describe(std::shared_ptr<Exchange> exchange, bool ready_only);

private:
    using Next = void (Inference::*)(std::shared_ptr<Exchange>, std::shared_ptr<Worker>);
    void record_then(std::shared_ptr<Exchange> exchange, Next next);
    void wait_for_worker(std::shared_ptr<Exchange> exchange, Next next, http::SteadyTime until);
    void send(std::shared_ptr<Exchange> exchange, std::shared_ptr<Worker> worker);
    void tell(std::shared_ptr<Exchange> exchange, std::shared_ptr<Worker> worker);
    void answered(Exchange& exchange, Result<http::PeerResponse> response);
    void refuse(Exchange& exchange, const Problem& problem);
    void done(Exchange& exchange, http::Reply reply, const std::string& code);

    Parts parts_;
    std::vector<std::unique_ptr<Filter>> filters_;
    Finish finish_;
    std::vector<Detector*> detectors_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::size_t> in_flight_{0};
};

}  // namespace bartizan::gateway

#pragma once
/// The service: the handler of the HTTP server. Knows the caller and decides what he may before a body is read, hands
/// inferences to `Inference` and the rest to the functions of `Api`, and answers every refusal with a problem.
/// Thread rule: `admit` and `handle` are called on the loops of the server; the rest from any thread.

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "gateway/api.h"
#include "gateway/console.h"
#include "gateway/inference.h"
#include "gateway/live.h"

namespace bartizan::incident {
class Actions;
class Delivery;
class Response;
struct Restriction;
}  // namespace bartizan::incident

namespace bartizan::gateway {

class Service final : public http::Handler {
public:
    struct Parts {
        State& state;
        Examiner& examiner;
        http::Loops& loops;
        WorkerOptions workers;
        Log::Sink log;
        std::uint64_t secret = 0;                ///< what fingerprints of queries are keyed with
        std::unique_ptr<stream::Bus> bus = {};   ///< to the other instances; null: there are none
        incident::Delivery* delivery = nullptr;  ///< how messages leave; null: as the configuration says
    };
    Service(Parts parts, Config config);
    ~Service() override;

    /// Loads what is served and starts its workers.
    Result<void> start();
    /// What of a configuration may change while the service runs. `text`: its policy holds for all instances.
    Result<void> reload(const Config& config, const std::string& text = {});
    /// Says no to readiness from now on: who balances load goes elsewhere.
    void begin_draining() {
        draining_ = true;
        live_.stop();  // or the server would wait for those who look on
    }
    /// Ends workers and writes what is summed; after the server is closed.
    void stop();
    Log& log() { return log_; }
    /// Where whoever watches beside the detectors tells of it.
    Alerts& alerts() { return alerts_; }

    std::optional<http::Reply> recognise(http::Call& call) override;
    http::Admission admit(http::Call& call) override;
    void handle(http::CallPointer call) override;
    http::Reply refuse(int status, std::string_view code, std::string_view sentence) override;

private:
    struct Notes;
    std::shared_ptr<Notes> notes_of(http::Call& call);
    http::Reply refuse_now(const Notes& notes, const Problem& problem);
    std::optional<Problem> prepare(http::Call& call, Notes& notes);
    std::optional<Problem> identify(http::Call& call, Notes& notes);
    void decide(Notes& notes);
    void answer_open(http::CallPointer call, const Notes& notes);
    void answer_inference(http::CallPointer call, const Notes& notes);
    void answer_api(http::CallPointer call);
    http::Reply run(const Notes& notes, const http::Call& call);
    void account(const http::Call& call, const Notes& notes, int status);
    void finish(http::Call& call, const Notes& notes, http::Reply reply);
    std::optional<Problem> check_origin(const http::Call& call, Notes& notes);
    bool prepare_console(const http::Call& call, Notes& notes);
    void answer_console(http::CallPointer call, const Notes& notes);
    void answer_stream(http::CallPointer call);
    void protect(const Notes& notes, http::Reply& reply) const;
    Result<Json> newest_incidents() const;
    http::Reply readiness() const;
    Result<void> refresh();
    Result<void> start_response();
    QuotaLimits limits_of(const std::string& who, const std::string& model) const;
    policy::OutputPolicy policy_of(const std::string& who, const std::string& model) const;
    void tick();
    void look_at_registers_soon();
    std::unique_ptr<Fleet> join(std::unique_ptr<stream::Bus> bus);
    void hold(const std::string& principal, std::int64_t seconds);
    void adopt(const std::string& policy);
    void tell(std::string_view part, std::atomic<bool>& well, const Result<void>& now);
    Result<void> look_at_ledger();

    State& state_;
    Log log_;
    Metrics metrics_;
    std::atomic<std::shared_ptr<const Config>> config_;
    std::atomic<RoutingPointer> routing_;
    Quota quota_;
    Recorder recorder_;
    Approvals approvals_;
    Workers workers_;
    Alerts alerts_;
    Watch watch_;
    Traffic traffic_;
    Pool pool_;
    Pool uploads_;  ///< few: each holds a whole body
    Pool logins_;   ///< one: each takes time and memory on purpose
    Pool behind_;   ///< what takes long behind an answer: messages, audits
    Api api_;
    incident::Delivery* given_delivery_;
    std::unique_ptr<incident::Delivery> delivery_;
    std::unique_ptr<incident::Actions> actions_;
    std::unique_ptr<incident::Response> response_;
    std::atomic<std::shared_ptr<const std::vector<incident::Restriction>>> restrictions_;
    Inference inference_;
    Live live_;
    Console console_;               ///< read at the start
    std::unique_ptr<Fleet> fleet_;  ///< null: this instance is alone
    std::mutex refreshing_;
    std::atomic<bool> draining_{false};
    std::atomic<bool> ending_{false};
    std::atomic<std::int64_t> uploading_{0};
    std::thread ticker_;
    std::atomic<bool> looking_{false};
};

}  // namespace bartizan::gateway

#pragma once
/// One call of a gRPC server, from its head to its end. Internal to `rpc`.
/// Thread rule: gRPC calls a `Reactor` on its own threads, one reaction at a time but for a cancellation; the handler
/// is asked on the loop of the call.

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/generic/async_generic_service.h>

#include "rpc/methods.h"
#include "rpc/server.h"
#include "rpc/status.h"

namespace bartizan::rpc {

class Reactor;

/// What all calls of a server share.
struct Shared {
    Shared(ServerOptions given, http::Handler& to, http::Loops& on)
        : options(std::move(given)), handler(to), loops(on) {}

    ServerOptions options;
    http::Handler& handler;
    http::Loops& loops;
    std::atomic<bool> draining{false};
    std::atomic<std::size_t> next_loop{0};
    std::atomic<std::uint64_t> open{0}, answered{0}, late{0};
    std::mutex mutex;
    std::list<std::weak_ptr<Reactor>> reading;  ///< calls whose message is on its way, oldest first

    /// Ends calls whose message takes too long.
    void sweep();
};

/// A call, as the handler sees it. Without a reply at its destruction it answers 500.
class Call final : public http::Call {
public:
    Call(std::shared_ptr<Reactor> reactor, std::string method, http::Headers headers, std::string peer,
         std::string subject, bool is_secure, http::Loop& loop);
    ~Call() override;

    /// From here on the call is what its message says.
    void ask(Ask ask);
    const Ask& asked() const { return ask_; }

    std::string_view method() const override { return ask_.method; }
    std::string_view target() const override { return ask_.target; }
    std::span<const http::HeaderView> headers() const override { return views_; }
    std::string_view body() const override { return ask_.body.text; }
    const std::string& peer() const override { return peer_; }
    const std::string& peer_subject() const override { return subject_; }
    bool secure() const override { return secure_; }
    http::Loop& loop() override { return loop_; }
    http::SteadyTime started() const override { return started_; }
    void reply(http::Reply reply) override;
    // There are no streams: whoever begins one is answered that.
    void begin(http::Reply head) override;
    bool push(std::string) override { return false; }
    void end() override {}

private:
    std::shared_ptr<Reactor> reactor_;
    Ask ask_;
    http::Headers headers_;
    std::vector<http::HeaderView> views_;
    std::string length_;
    std::string peer_, subject_;
    bool secure_;
    http::Loop& loop_;
    http::SteadyTime started_;
    std::atomic<bool> answered_{false};
};

/// The side of gRPC. Keeps itself until gRPC is done with it.
class Reactor final : public grpc::ServerGenericBidiReactor, public std::enable_shared_from_this<Reactor> {
public:
    Reactor(std::shared_ptr<Shared> shared, grpc::GenericCallbackServerContext& context);
    ~Reactor() override;
    /// Decides from the head; called once, right after it was made.
    void start();

    /// The answer of the handler. From any thread; only the first counts.
    void answer(http::Reply reply, const Ask& ask);
    /// Its message did not come in time.
    void too_late();
    http::SteadyTime started() const { return started_; }

    void OnReadDone(bool ok) override;
    void OnCancel() override;
    void OnDone() override;

private:
    void refuse(int status, std::string_view code, std::string_view sentence);
    void finish(const Refusal& refusal);
    void handle(std::shared_ptr<Call> call);
    bool first() { return !finished_.exchange(true); }
    void tell(const http::Headers& metadata);
    void stop_reading();

    std::shared_ptr<Shared> shared_;
    grpc::GenericCallbackServerContext& context_;
    const Method* method_ = nullptr;
    std::shared_ptr<Call> call_;  ///< until its message is there
    std::shared_ptr<Reactor> self_;
    grpc::ByteBuffer message_, answer_;
    http::SteadyTime started_;
    std::list<std::weak_ptr<Reactor>>::iterator place_;
    bool listed_ = false;  ///< in `Shared::reading`, whose mutex guards it
    std::mutex context_mutex_;
    bool done_ = false;  ///< the context is gone; guarded by `context_mutex_`
    std::atomic<bool> finished_{false};
};

}  // namespace bartizan::rpc

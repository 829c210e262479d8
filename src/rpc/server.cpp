#include "rpc/server.h"

#include <algorithm>
#include <thread>

#include <grpc/support/log.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "rpc/call.h"
#include "rpc/credentials.h"

namespace bartizan::rpc {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 5ms;
constexpr auto kQuiet = 200ms;
constexpr auto kLongestQuiet = 2s;  // for those who do not go
constexpr int kMetadataBytes = 16 * 1024;
constexpr int kStreamsOfAConnection = 256;
constexpr int kHandshakeMs = 10'000;
constexpr int kIdleMs = 300'000;
constexpr int kPingAfterMs = 60'000;  // of a connection on which nothing comes
constexpr int kPingPatienceMs = 20'000;

/// gRPC writes to standard error, where the log of the service is; nothing in it is for the operator to mend.
void silence(gpr_log_func_args*) {}

class Service final : public grpc::CallbackGenericService {
public:
    explicit Service(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
        auto reactor = std::make_shared<Reactor>(shared_, *context);
        reactor->start();
        return reactor.get();
    }

private:
    std::shared_ptr<Shared> shared_;
};

class Running final : public Server {
public:
    Running(const ServerOptions& options, http::Handler& handler, http::Loops& loops)
        : shared_(std::make_shared<Shared>(options, handler, loops)), service_(shared_) {}
    ~Running() override { drain(0ms); }

    Result<void> open() {
        const ServerOptions& options = shared_->options;
        std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
        if (options.tls) {
            tls_ = std::make_shared<TlsCredentials>(*options.tls);
            BARTIZAN_TRY(tls_->load());
            credentials = tls_;
        }
        const bool v6 = options.address.find(':') != std::string::npos;
        const std::string host = v6 ? "[" + options.address + "]" : options.address;
        grpc::ServerBuilder builder;
        limit(builder);
        int port = 0;
        builder.AddListeningPort(host + ":" + std::to_string(options.port), credentials, &port);
        builder.RegisterCallbackGenericService(&service_);
        server_ = builder.BuildAndStart();
        if (!server_ || port == 0)
            return Error(Errc::conflict,
                         "cannot listen on " + host + " port " + std::to_string(options.port) + " for gRPC",
                         "--grpc-port names another one");
        port_ = static_cast<std::uint16_t>(port);
        address_ = host + ":" + std::to_string(port);
        shared_->loops.at(0).every_tick([weak = std::weak_ptr(shared_)] {
            const auto shared = weak.lock();
            if (shared) shared->sweep();
            return shared != nullptr;
        });
        return {};
    }

    std::uint16_t port() const override { return port_; }
    std::string address() const override { return address_; }
    ServerCounts counts() const override { return {shared_->open, shared_->answered, shared_->late}; }
    void drain(std::chrono::milliseconds patience) override {
        if (!server_ || shared_->draining.exchange(true)) return;
        // gRPC itself cancels calls that come while it shuts down, which clients do not ask again. Told that this
        // server is about to end, they go elsewhere; it shuts down once nobody has come for a while.
        const auto began = std::chrono::system_clock::now();
        const auto until = began + patience;
        auto last = began;
        std::uint64_t calls = shared_->answered;
        for (auto now = began; now < until; now = std::chrono::system_clock::now()) {
            const std::uint64_t answered = shared_->answered;
            if (shared_->open > 0 || answered != calls) last = now;
            calls = answered;
            const bool quiet = now - last >= kQuiet;
            if (shared_->open == 0 && (quiet || now - began >= kLongestQuiet)) break;
            std::this_thread::sleep_for(kLookEvery);
        }
        server_->Shutdown(until);
    }
    Result<void> reload_tls() override { return tls_ ? tls_->load() : Result<void>(); }

private:
    void limit(grpc::ServerBuilder& builder) const {
        const ServerOptions& options = shared_->options;
        builder.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::uint64_t>(options.message_bytes, 1U << 30)));
        builder.SetMaxSendMessageSize(-1);
        builder.SetResourceQuota(grpc::ResourceQuota("bartizan").Resize(options.memory_bytes));
        builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
        builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
        builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // or two servers would share a port unawares
        builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsOfAConnection);
        builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
        builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
        builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingAfterMs);
        builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingPatienceMs);
    }

    std::shared_ptr<Shared> shared_;
    Service service_;
    std::shared_ptr<TlsCredentials> tls_;
    std::unique_ptr<grpc::Server> server_;
    std::uint16_t port_ = 0;
    std::string address_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, http::Handler& handler,
                                              http::Loops& loops) {
    gpr_set_log_function(silence);
    auto server = std::make_unique<Running>(options, handler, loops);
    BARTIZAN_TRY(server->open());
    return std::unique_ptr<Server>(std::move(server));
}

}  // namespace bartizan::rpc

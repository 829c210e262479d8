// links: http
// seeds: fuzz/seeds/http_request/*
// Bytes of a stranger on a connection of the server: each answer is one of HTTP, the handler gets no more than was
// admitted, and paths and queries are taken apart within bounds.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "http/head.h"
#include "http/server.h"

namespace {
using namespace bartizan::http;

class Handling final : public Handler {
public:
    Admission admit(Call&) override { return {.body_bytes = 100, .refusal = {}}; }
    void handle(CallPointer call) override {
        if (call->body().size() > 100 || !call->target().starts_with('/')) std::abort();
        (void)query_value(call->query(), "a");
        const auto parts = path_parts(call->path());
        call->reply({.status = parts ? 200 : 400, .body = std::string(call->body())});
    }
    Reply refuse(int status, std::string_view code, std::string_view) override {
        return {.status = status, .body = std::string(code)};
    }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string path =
        (std::filesystem::temp_directory_path() / ("bartizan-fuzz-" + std::to_string(::getpid()))).string();
    static Handling handler;
    static Loops loops(1, "fuzz");
    static const auto server = *Server::start({.unix_socket = path}, handler, loops);
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
    (void)::send(client, data, size, MSG_NOSIGNAL);
    ::shutdown(client, SHUT_WR);
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = ::recv(client, buffer, sizeof buffer, 0)) > 0;)
        all.append(buffer, static_cast<std::size_t>(got));
    ::close(client);
    if (!all.empty() && !all.starts_with("HTTP/1.1 ")) std::abort();
    return 0;
}

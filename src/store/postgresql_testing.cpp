#include "store/postgresql_testing.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

namespace bartizan::store {
namespace {

constexpr const char* kUser = "nobody";

bool shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// The newest /usr/lib/postgresql/N/bin with a server in it.
std::filesystem::path find_programs() {
    std::filesystem::path newest;
    std::error_code ignored;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored))
        if (std::filesystem::exists(version.path() / "bin/initdb") && version.path() / "bin" > newest)
            newest = version.path() / "bin";
    return newest;
}

int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), length);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(socket);
    return ntohs(address.sin_port);
}

}  // namespace

TestServer::TestServer(std::filesystem::path programs, std::filesystem::path folder, int port)
    : programs_(std::move(programs)), folder_(std::move(folder)), port_(port) {}

/// PostgreSQL refuses to run as root.
std::string TestServer::as_user(const std::string& words) const {
    const std::string drop =
        ::geteuid() == 0 ? fmt::format("setpriv --reuid={0} --regid=nogroup --clear-groups ", kUser) : "";
    return fmt::format("cd '{}' && {}{}/{}", folder_.string(), drop, programs_.string(), words);
}

std::unique_ptr<TestServer> TestServer::start(std::string& why_not) {
    const auto programs = find_programs();
    why_not = "PostgreSQL is not installed (Debian package postgresql)";
    if (programs.empty()) return nullptr;
    std::string name = (std::filesystem::temp_directory_path() / "bartizan-pg-XXXXXX").string();
    const std::filesystem::path folder = ::mkdtemp(name.data());
    if (::geteuid() == 0) shell(fmt::format("chown {}:nogroup '{}'", kUser, folder.string()));
    std::unique_ptr<TestServer> server(new TestServer(programs, folder, free_port()));
    why_not = "PostgreSQL is installed and does not start";
    const bool made = shell(server->as_user("initdb -D data -U bartizan -A trust --no-sync"));
    return made && server->run() ? std::move(server) : nullptr;
}

bool TestServer::run() {
    return shell(
        as_user(fmt::format("pg_ctl -D data -w -t 60 -l log -o '-p {} -c listen_addresses=127.0.0.1 "
                            "-c unix_socket_directories={}' start",
                            port_, folder_.string())));
}

void TestServer::kill() { shell(as_user("pg_ctl -D data -m immediate -w stop")); }

TestServer::~TestServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string TestServer::new_database() {
    const std::string name = fmt::format("test{}", databases_++);
    shell(as_user(fmt::format("createdb -h 127.0.0.1 -p {} -U bartizan {}", port_, name)));
    return fmt::format("postgresql://bartizan@127.0.0.1:{}/{}", port_, name);
}

TestServer* test_server(std::string& why_not) {
    static std::string reason;
    static const std::unique_ptr<TestServer> server = TestServer::start(reason);
    why_not = reason;
    return server.get();
}

}  // namespace bartizan::store

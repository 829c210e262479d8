#pragma once
/// For tests: a PostgreSQL server of their own, from Debian's package, on a free loopback port, its data in a temporary
/// folder, run by an unprivileged user. Started once a process; stopped when that ends.

#include <filesystem>
#include <memory>
#include <string>

namespace bartizan::store {

class TestServer {
public:
    /// Null, with the reason in `why_not`, where PostgreSQL is not installed or does not start.
    static std::unique_ptr<TestServer> start(std::string& why_not);
    ~TestServer();

    /// The address of a new, empty database.
    std::string new_database();
    /// As a crash would end it; and again.
    void kill();
    bool run();

private:
    TestServer(std::filesystem::path programs, std::filesystem::path folder, int port);
    std::string as_user(const std::string& words) const;

    std::filesystem::path programs_;
    std::filesystem::path folder_;
    int port_;
    int databases_ = 0;
};

/// The server of this process, or null and why.
TestServer* test_server(std::string& why_not);

}  // namespace bartizan::store

#include "confinement/worker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "confinement/filter.h"

namespace bartizan::confinement {
namespace {

/// Runs `body` in a confined child; gives its exit status, -1 if it died.
int confined(const std::function<int()>& body, const WorkerLimits& limits = {}) {
    const pid_t child = ::fork();
    if (child == 0) {
        const auto held = confine_worker(limits);
        ::_exit(held.ok() && held->calls ? body() : 99);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Worker : public testing::Test {
protected:
    void SetUp() override {
        if (const std::string why = obstacle(); !why.empty()) GTEST_SKIP() << why;
    }
};

TEST_F(Worker, ComputesWithThreadsAndReadsTheSystemsLibraries) {
    EXPECT_EQ(confined([] {
                  int sum = 0;
                  std::thread([&sum] { sum = 42; }).join();
                  const int file = ::open("/usr/lib/os-release", O_RDONLY);
                  return sum == 42 && file >= 0 ? 0 : 1;
              }),
              0);
}

TEST_F(Worker, StartsNoPrograms) {
    EXPECT_EQ(confined([] {
                  char* const words[] = {const_cast<char*>("/bin/true"), nullptr};
                  ::execv("/bin/true", words);
                  return errno == EPERM && ::fork() < 0 && errno == EPERM ? 0 : 1;
              }),
              0);
}

TEST_F(Worker, OpensNoSockets) {
    EXPECT_EQ(confined([] { return ::socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : 1; }), 0);
    EXPECT_EQ(confined([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : 1; }), 0);
    const int before = ::socket(AF_INET, SOCK_DGRAM, 0);  // one that is open already leads nowhere new
    EXPECT_EQ(confined([before] {
                  sockaddr_in address{};
                  address.sin_family = AF_INET;
                  address.sin_port = htons(9);
                  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                  return ::connect(before, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ? 0 : 1;
              }),
              0);
    ::close(before);
}

TEST_F(Worker, WritesNoFiles) {
    EXPECT_EQ(confined([] { return ::open("/tmp/bartizan-confined", O_WRONLY | O_CREAT, 0600) < 0 ? 0 : 1; }), 0);
    EXPECT_EQ(confined([] { return ::unlink("/tmp/bartizan-confined") < 0 && errno == EPERM ? 0 : 1; }), 0);
    EXPECT_EQ(confined([] { return ::kill(::getppid(), 0) < 0 && errno == EPERM ? 0 : 1; }), 0);
}

TEST_F(Worker, ReadsOnlyWhereItWasTold) {
    char name[] = "/tmp/bartizan-secret-XXXXXX";
    const int made = ::mkstemp(name);
    ASSERT_GE(made, 0);
    ::close(made);
    const auto opens = [&] { return ::open(name, O_RDONLY) >= 0 ? 1 : 0; };
    const bool landlock = confined([] { return 0; }) == 0 && [] {
        const pid_t child = ::fork();
        if (child == 0) {
            const auto held = confine_worker({});
            ::_exit(held.ok() && held->paths ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status == 0;
    }();
    EXPECT_EQ(confined(opens, {.readable = {"/tmp"}}), 1);
    if (landlock) EXPECT_EQ(confined(opens), 0);
    ::unlink(name);
    if (!landlock) GTEST_SKIP() << "this kernel has no Landlock";
}

TEST_F(Worker, TakesNoMoreMemoryThanItsLimit) {
    EXPECT_EQ(confined(
                  [] {
                      void* const much = ::mmap(nullptr, std::size_t{256} << 20, PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                      return much == MAP_FAILED && errno == ENOMEM ? 0 : 1;
                  },
                  {.memory_bytes = std::uint64_t{128} << 20}),
              0);
}

}  // namespace
}  // namespace bartizan::confinement

// links: core
/// What the gateway adds to the latency of its worker: the same request to both in turn, at one rate, on the same
/// connections throughout, so that whatever else the machine does touches both alike.
///     gateway_latency_load PORT KEY MODEL SOCKET WIDTH,HEIGHT RATE SECONDS THREADS
/// PORT 0: the worker alone. Prints one JSON object; times in microseconds. RATE 0: as fast as answers come, and the
/// rate that was reached.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "core/random.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Setting {
    int port = 0;
    std::string key, model, socket;
    int width = 28, height = 28;
    double rate = 0, seconds = 5;
    int threads = 4;
};

int connect_to(const Setting& setting, bool gateway) {
    if (gateway) {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<std::uint16_t>(setting.port));
        const int one = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
    }
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    setting.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    return ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 ? fd : -1;
}

/// A picture of smooth noise, as bytes behind the JSON.
std::string request_of(const Setting& setting, std::uint64_t seed) {
    bartizan::Random random(seed, 0);
    std::vector<float> row(static_cast<std::size_t>(setting.width * setting.height));
    float last = 0.5F;
    for (float& value : row) value = last = std::clamp(last + 0.1F * random.normal(), 0.0F, 1.0F);
    const std::string json = R"({"inputs":[{"name":"input","shape":[1,1,)" + std::to_string(setting.height) + "," +
                             std::to_string(setting.width) +
                             R"(],"datatype":"FP32","parameters":{"binary_data_size":)" +
                             std::to_string(row.size() * 4) + "}}]}";
    std::string out = "POST /v2/models/" + setting.model + "/infer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                      setting.key + "\r\nInference-Header-Content-Length: " + std::to_string(json.size()) +
                      "\r\nContent-Length: " + std::to_string(json.size() + row.size() * 4) + "\r\n\r\n" + json;
    out.append(reinterpret_cast<const char*>(row.data()), row.size() * 4);
    return out;
}

/// Microseconds; below 0: not answered with 200.
double ask(int fd, const std::string& request) {
    const auto began = Clock::now();
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return -1;
    std::string answer;
    char buffer[16 * 1024];
    for (;;) {
        const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got <= 0) return -1;
        answer.append(buffer, static_cast<std::size_t>(got));
        const std::size_t end = answer.find("\r\n\r\n");
        const std::size_t at = answer.find("Content-Length: ");
        if (end == std::string::npos || at == std::string::npos) continue;
        if (answer.size() >= end + 4 + std::strtoul(answer.c_str() + at + 16, nullptr, 10)) break;
    }
    if (!answer.starts_with("HTTP/1.1 200")) return -1;
    return std::chrono::duration<double, std::micro>(Clock::now() - began).count();
}

struct Times {
    std::vector<double> gateway, worker;
    std::size_t failed = 0;
};

void load(const Setting& setting, std::uint64_t thread, Times& times) {
    const int gateway = setting.port > 0 ? connect_to(setting, true) : -1;
    const int worker = connect_to(setting, false);
    std::vector<std::string> requests;
    for (std::uint64_t i = 0; i < 64; ++i) requests.push_back(request_of(setting, thread * 64 + i));
    bartizan::Random random(7, thread);
    const auto end =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(setting.seconds));
    auto next = Clock::now();
    for (std::size_t i = 0; Clock::now() < end; ++i) {
        if (setting.rate > 0) {  // arrivals of a Poisson process
            next += std::chrono::duration_cast<Clock::duration>(
                std::chrono::duration<double>(-std::log(1 - random.uniform53()) * setting.threads / setting.rate));
            std::this_thread::sleep_until(next);
            next = std::max(next, Clock::now() - std::chrono::milliseconds(50));
        }
        // At full speed the gateway alone, which asks the worker itself.
        const bool through = gateway >= 0 && (setting.rate == 0 || random.bits32() % 2 == 0);
        const double took = ask(through ? gateway : worker, requests[i % requests.size()]);
        if (took < 0)
            ++times.failed;
        else
            (through ? times.gateway : times.worker).push_back(took);
    }
    ::close(gateway);
    ::close(worker);
}

void tell(const char* name, std::vector<double> times) {
    std::sort(times.begin(), times.end());
    const auto at = [&](double share) {
        return times.empty() ? 0 : times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
    };
    std::printf(R"("%s":{"requests":%zu,"p50":%.1f,"p90":%.1f,"p99":%.1f,"p999":%.1f})", name, times.size(), at(0.5),
                at(0.9), at(0.99), at(0.999));
}

}  // namespace

int main(int count, char** words) {
    if (count != 9) return 2;
    Setting setting{.port = std::atoi(words[1]), .key = words[2], .model = words[3], .socket = words[4]};
    if (std::sscanf(words[5], "%d,%d", &setting.width, &setting.height) != 2) return 2;
    setting.rate = std::atof(words[6]);
    setting.seconds = std::atof(words[7]);
    setting.threads = std::atoi(words[8]);
    std::vector<Times> times(static_cast<std::size_t>(setting.threads));
    std::vector<std::thread> threads;
    const auto began = Clock::now();
    for (std::size_t i = 0; i < times.size(); ++i) threads.emplace_back([&, i] { load(setting, i, times[i]); });
    for (std::thread& thread : threads) thread.join();
    const double passed = std::chrono::duration<double>(Clock::now() - began).count();
    Times all;
    for (const Times& one : times) {
        all.gateway.insert(all.gateway.end(), one.gateway.begin(), one.gateway.end());
        all.worker.insert(all.worker.end(), one.worker.begin(), one.worker.end());
        all.failed += one.failed;
    }
    std::printf(R"({"per_second":%.1f,"failed":%zu,)",
                static_cast<double>(all.gateway.size() + all.worker.size()) / passed, all.failed);
    tell("gateway", std::move(all.gateway));
    std::printf(",");
    tell("worker", std::move(all.worker));
    std::printf("}\n");
    return 0;
}

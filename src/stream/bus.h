#pragma once
/// The connection of an instance of the service to NATS JetStream: a stream of events, in partitions, and a key-value
/// bucket of what all instances share. Everything is made if it is not there.
/// Thread rule: all members may be called from any thread; callbacks come on threads of the bus, and must not block.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::stream {

struct Options {
    std::string url;                       ///< "nats://127.0.0.1:4222", "tls://user:password@host:4222"
    std::filesystem::path authority = {};  ///< PEM: whose certificates of servers are taken; empty: the system's
    std::filesystem::path certificate = {}, key = {};  ///< PEM, of this client
    std::string name = "bartizan";  ///< of the stream NAME-events and the bucket NAME-state: letters, digits, '-'
    std::size_t partitions = 8;     ///< where the bucket knows a number already, that one holds
    int replicas = 1;
    std::chrono::seconds keep{86'400};                           ///< events, at most
    std::uint64_t keep_bytes = std::uint64_t{1} << 30;           ///< the same
    std::chrono::milliseconds patience{500};                     ///< until `Done` is told that nobody knows yet
    std::uint64_t most_waiting_bytes = std::uint64_t{64} << 20;  ///< events that are not acknowledged
};

struct Counts {
    std::uint64_t kept = 0;     ///< acknowledged by JetStream
    std::uint64_t doubled = 0;  ///< of them: JetStream had them already
    std::uint64_t lost = 0;     ///< given up, or no room
    std::uint64_t waiting = 0;
    bool connected = false;
};

struct Nats;

class Bus {
public:
    /// Fails with `unavailable` (no server, no JetStream), `invalid_input` (an address that is none), `denied`.
    static Result<std::unique_ptr<Bus>> open(const Options& options);
    virtual ~Bus() = default;

    /// `kept`: JetStream has it; false: it is tried on for two minutes, or there is no room.
    using Done = std::function<void(bool kept)>;
    /// Never waits. Events of one `key` stay in order and go to one reader. `id` tells one event from any other; at
    /// most 64 bytes.
    virtual void publish(std::string_view key, const std::string& id, std::string bytes, Done done) = 0;

    /// A value for every instance. `key`: letters, digits, '-', '_', '.'. Waits for the server.
    virtual Result<void> put(const std::string& key, std::string_view value) = 0;
    /// Takes a value away; instances that watch it are not told.
    virtual Result<void> forget(const std::string& key) = 0;
    using Changed = std::function<void(const std::string& key, const std::string& value)>;
    /// Tells the value that is there, and each one after it, until the bus ends. `keys`: "epoch", "hold.>".
    virtual Result<void> watch(const std::string& keys, Changed changed) = 0;

    virtual std::size_t partitions() const = 0;
    virtual std::size_t partition_of(std::string_view key) const = 0;
    virtual Counts counts() const = 0;
    /// Does JetStream acknowledge what it is given? Takes no lock.
    virtual bool well() const = 0;
    /// Waits until what was published is acknowledged. False: not all of it.
    virtual bool flush(std::chrono::milliseconds patience) = 0;
    virtual Nats& nats() = 0;
};

/// The address as it may be told to others.
std::string without_password(std::string_view url);
/// Is the address one of this machine, or is the connection secured?
bool is_safe(const Options& options);

}  // namespace bartizan::stream

#include "stream/bus.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "stream/nats.h"

namespace bartizan::stream {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

constexpr auto kTick = 50ms;
constexpr std::chrono::milliseconds kLongestAckTime{16'000};
constexpr std::chrono::milliseconds kAckTime{1'000};  // until an event is published again
constexpr auto kGiveUp = 110s;                        // within the time that JetStream knows its id
constexpr auto kKnownFor = 120s;
constexpr int kReconnectMs = 250;
constexpr int kRequestMs = 5'000;
constexpr int kPingMs = 2'000;
constexpr int kWriteMs = 1'000;
constexpr std::size_t kMostPartitions = 256;
constexpr int kLargestValue = 1 << 20;

/// FNV-1a: the same on every machine.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return hash ^ hash >> 32;
}

/// The library's own handler writes to standard error.
void ignore_trouble(natsConnection*, natsSubscription*, natsStatus, void*) {}

class Connected;

/// What callbacks of the library find their bus by. Kept for good, a few bytes for each bus: the library does not tell
/// when its last callback has come.
struct Way {
    std::mutex mutex;
    Connected* bus = nullptr;  ///< null: it has ended
};

class Connected final : public Bus {
public:
    explicit Connected(Options options) : options_(std::move(options)), way_(new Way{{}, this}) {}
    ~Connected() override {
        (void)flush(options_.patience);
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        more_.notify_all();
        for (std::thread& thread : threads_) thread.join();
        {
            const std::lock_guard lock(way_->mutex);
            way_->bus = nullptr;
        }
        if (nats_.connection) natsConnection_Close(nats_.connection.get());
        nats_.bucket.reset();
        nats_.jetstream.reset();
        nats_.connection.reset();
    }

    Result<void> open() {
        BARTIZAN_TRY(connect());
        BARTIZAN_TRY(make_stream());
        BARTIZAN_TRY(make_bucket());
        BARTIZAN_TRY(agree_on_partitions());
        threads_.emplace_back([this] { look_after(); });
        threads_.emplace_back([this] { send_all(); });
        return {};
    }

    void publish(std::string_view key, const std::string& id, std::string bytes, Done done) override {
        {
            const std::lock_guard lock(mutex_);
            const bool room = waiting_bytes_ + bytes.size() <= options_.most_waiting_bytes;
            if (room && !waiting_.contains(id)) {
                waiting_bytes_ += bytes.size();
                const Time now = std::chrono::steady_clock::now();
                const std::string subject = nats_.subject + std::to_string(partition_of(key));
                auto content = std::make_shared<const Content>(Content{id, subject, std::move(bytes)});
                waiting_[id] = {content, std::move(done), now + options_.patience, now + kGiveUp, now + kAckTime};
                to_send_.push_back(std::move(content));
                if (to_send_.size() == 1) more_.notify_one();
                return;
            }
            ++lost_;
        }
        if (done) done(false);
    }

    Result<void> put(const std::string& key, std::string_view value) override {
        std::uint64_t revision = 0;
        const natsStatus status =
            kvStore_Put(&revision, nats_.bucket.get(), key.c_str(), value.data(), static_cast<int>(value.size()));
        if (status != NATS_OK) return nats_error(status, "cannot write '" + key + "' in NATS");
        return {};
    }

    Result<void> forget(const std::string& key) override {
        const natsStatus status = kvStore_Purge(nats_.bucket.get(), key.c_str(), nullptr);
        return status == NATS_OK ? Result<void>() : nats_error(status, "cannot remove '" + key + "' in NATS");
    }

    Result<void> watch(const std::string& keys, Changed changed) override {
        kvWatcher* raw = nullptr;
        const natsStatus status = kvStore_Watch(&raw, nats_.bucket.get(), keys.c_str(), nullptr);
        if (status != NATS_OK) return nats_error(status, "cannot watch '" + keys + "' in NATS");
        const std::lock_guard lock(mutex_);
        threads_.emplace_back([this, watcher = OwnedWatcher(raw), changed = std::move(changed)] {
            while (!ending()) {
                kvEntry* next = nullptr;
                const natsStatus got = kvWatcher_Next(&next, watcher.get(), 200);
                const OwnedEntry entry(next);
                if (got != NATS_OK && got != NATS_TIMEOUT) std::this_thread::sleep_for(kTick);
                if (!entry || kvEntry_Operation(next) != kvOp_Put) continue;
                const auto* const bytes = static_cast<const char*>(kvEntry_Value(next));
                changed(kvEntry_Key(next), std::string(bytes, static_cast<std::size_t>(kvEntry_ValueLen(next))));
            }
        });
        return {};
    }

    std::size_t partitions() const override { return options_.partitions; }
    std::size_t partition_of(std::string_view key) const override { return hash_of(key) % options_.partitions; }
    Counts counts() const override {
        const std::lock_guard lock(mutex_);
        return {kept_, doubled_, lost_, waiting_.size(), connected_.load()};
    }
    bool well() const override { return connected_ && acknowledges_; }
    bool flush(std::chrono::milliseconds patience) override {
        std::unique_lock lock(mutex_);
        return acknowledged_.wait_for(lock, patience, [&] { return waiting_.empty(); });
    }
    Nats& nats() override { return nats_; }

private:
    template <class Work>
    static void of(void* way, const Work& work) {
        auto& known = *static_cast<Way*>(way);
        const std::lock_guard lock(known.mutex);
        if (known.bus != nullptr) work(*known.bus);
    }

    struct Content {
        std::string id, subject, bytes;
    };
    using ContentPointer = std::shared_ptr<const Content>;
    struct Event {
        ContentPointer content;
        Done done;
        Time patience, give_up, again;
        std::chrono::milliseconds wait{kAckTime};  ///< doubled each time: where JetStream is slow, more would not help
    };

    Result<void> connect() {
        natsOptions* raw = nullptr;
        natsStatus status = natsOptions_Create(&raw);
        nats_.options.reset(raw);
        if (status == NATS_OK) status = natsOptions_SetURL(raw, options_.url.c_str());
        if (status != NATS_OK)
            return invalid_input("'" + without_password(options_.url) + "' is no address of a NATS server",
                                 "as nats://127.0.0.1:4222");
        natsOptions_SetName(raw, "bartizan");
        natsOptions_SetMaxReconnect(raw, -1);
        natsOptions_SetReconnectWait(raw, kReconnectMs);
        natsOptions_SetPingInterval(raw, kPingMs);
        natsOptions_SetSendAsap(raw, true);
        natsOptions_SetMaxPingsOut(raw, 1);
        natsOptions_SetWriteDeadline(raw, kWriteMs);
        natsOptions_SetErrorHandler(raw, ignore_trouble, nullptr);
        natsOptions_SetDisconnectedCB(
            raw, [](natsConnection*, void* way) { of(way, [](Connected& bus) { bus.connected_ = false; }); }, way_);
        natsOptions_SetReconnectedCB(
            raw, [](natsConnection*, void* way) { of(way, [](Connected& bus) { bus.connected_ = true; }); }, way_);
        BARTIZAN_TRY(secure(raw));
        natsConnection* connection = nullptr;
        status = natsConnection_Connect(&connection, raw);
        nats_.connection.reset(connection);
        if (status != NATS_OK) {
            Error error = nats_error(status, "cannot reach NATS at " + without_password(options_.url));
            return Error(error.code(), error.message(), "nats-server -js starts one");
        }
        jsOptions js;
        jsOptions_Init(&js);
        js.Wait = kRequestMs;
        js.PublishAsync.MaxPending = 0;
        js.PublishAsync.AckHandler = [](jsCtx*, natsMsg* raw_message, jsPubAck* ack, jsPubAckErr*, void* way) {
            const OwnedMessage message(raw_message);
            of(way, [&](Connected& bus) { bus.heard(message, ack); });
        };
        js.PublishAsync.AckHandlerClosure = way_;
        jsCtx* jetstream = nullptr;
        status = natsConnection_JetStream(&jetstream, connection, &js);
        nats_.jetstream.reset(jetstream);
        if (status != NATS_OK) return nats_error(status, "cannot use JetStream");
        return {};
    }

    Result<void> secure(natsOptions* raw) {
        if (options_.url.starts_with("tls://")) natsOptions_SetSecure(raw, true);
        const auto bad = [](const std::filesystem::path& path) {
            return invalid_input("cannot use '" + path.string() + "' for TLS with NATS", "a PEM file is expected");
        };
        if (!options_.authority.empty() &&
            natsOptions_LoadCATrustedCertificates(raw, options_.authority.c_str()) != NATS_OK)
            return bad(options_.authority);
        if (!options_.certificate.empty() &&
            natsOptions_LoadCertificatesChain(raw, options_.certificate.c_str(), options_.key.c_str()) != NATS_OK)
            return bad(options_.certificate);
        return {};
    }

    Result<void> make_stream() {
        nats_.stream = options_.name + "-events";
        nats_.subject = options_.name + ".events.";
        const std::string all = nats_.subject + "*";
        const char* subjects[] = {all.c_str()};
        jsStreamConfig config;
        jsStreamConfig_Init(&config);
        config.Name = nats_.stream.c_str();
        config.Subjects = subjects;
        config.SubjectsLen = 1;
        config.MaxAge = std::chrono::nanoseconds(options_.keep).count();
        config.MaxBytes = static_cast<std::int64_t>(options_.keep_bytes);
        config.Duplicates = std::chrono::nanoseconds(kKnownFor).count();
        config.Replicas = options_.replicas;
        jsErrCode code{};
        natsStatus status = js_AddStream(nullptr, nats_.jetstream.get(), &config, nullptr, &code);
        if (status != NATS_OK) status = js_UpdateStream(nullptr, nats_.jetstream.get(), &config, nullptr, &code);
        if (status == NATS_OK) return {};
        Error error = nats_error(status, "cannot make the stream '" + nats_.stream + "'");
        return Error(error.code(), error.message(), "the server needs JetStream: nats-server -js");
    }

    Result<void> make_bucket() {
        const std::string name = options_.name + "-state";
        kvConfig config;
        kvConfig_Init(&config);
        config.Bucket = name.c_str();
        config.History = 1;
        config.MaxValueSize = kLargestValue;
        config.Replicas = options_.replicas;
        kvStore* bucket = nullptr;
        natsStatus status = js_KeyValue(&bucket, nats_.jetstream.get(), name.c_str());
        if (status != NATS_OK) status = js_CreateKeyValue(&bucket, nats_.jetstream.get(), &config);
        if (status != NATS_OK) status = js_KeyValue(&bucket, nats_.jetstream.get(), name.c_str());  // another was first
        nats_.bucket.reset(bucket);
        if (status != NATS_OK) return nats_error(status, "cannot make the bucket '" + name + "'");
        return {};
    }

    /// All instances cut the events alike: the first one's number holds.
    Result<void> agree_on_partitions() {
        const std::string mine = std::to_string(std::clamp<std::size_t>(options_.partitions, 1, kMostPartitions));
        BARTIZAN_TRY(write_value(nats_, "partitions", mine, 0));
        const Value there = BARTIZAN_TRY(read_value(nats_, "partitions"));
        const std::size_t number = std::strtoul(there.text.c_str(), nullptr, 10);
        if (number < 1 || number > kMostPartitions)
            return invalid_input("the bucket '" + options_.name + "-state' knows no number of partitions");
        options_.partitions = number;
        return {};
    }

    /// On a thread of its own: where NATS hangs it waits here, and nobody else does.
    void send_all() {
        std::unique_lock lock(mutex_);
        for (;;) {
            more_.wait(lock, [&] { return ending_ || !to_send_.empty(); });
            if (ending_) return;
            const std::deque<ContentPointer> now = std::exchange(to_send_, {});
            lock.unlock();
            for (const ContentPointer& one : now) send(*one);
            lock.lock();
        }
    }

    /// What cannot be sent now is sent again in its time.
    void send(const Content& content) {
        natsMsg* raw = nullptr;
        const auto size = static_cast<int>(content.bytes.size());
        if (natsMsg_Create(&raw, content.subject.c_str(), nullptr, content.bytes.data(), size) != NATS_OK) return;
        natsMsgHeader_Set(raw, "Nats-Msg-Id", content.id.c_str());
        (void)js_PublishMsgAsync(nats_.jetstream.get(), &raw, nullptr);
        natsMsg_Destroy(raw);  // null where the library has taken it
    }

    /// JetStream's answer; without `ack` it was none, and the event goes again in its time.
    void heard(const OwnedMessage& message, const jsPubAck* ack) {
        const char* id = nullptr;
        if (ack == nullptr || natsMsgHeader_Get(message.get(), "Nats-Msg-Id", &id) != NATS_OK) return;
        Done done;
        {
            const std::lock_guard lock(mutex_);
            const auto found = waiting_.find(id);
            if (found == waiting_.end()) return;
            done = std::move(found->second.done);
            waiting_bytes_ -= found->second.content->bytes.size();
            waiting_.erase(found);
            ++kept_;
            acknowledges_ = true;
            if (ack->Duplicate) ++doubled_;
            if (waiting_.empty()) acknowledged_.notify_all();
        }
        if (done) done(true);
    }

    /// Sends again what was not acknowledged, and tells those who wait that it takes long.
    void look_after() {
        std::unique_lock lock(mutex_);
        while (!ending_) {
            changed_.wait_for(lock, kTick, [&] { return ending_; });
            const Time now = std::chrono::steady_clock::now();
            std::vector<Done> late;
            for (auto at = waiting_.begin(); at != waiting_.end();) {
                Event& event = at->second;
                if (now >= event.patience) acknowledges_ = false;
                if (event.done && now >= event.patience) late.push_back(std::exchange(event.done, nullptr));
                if (now >= event.give_up) {
                    ++lost_;
                    waiting_bytes_ -= event.content->bytes.size();
                    at = waiting_.erase(at);
                    continue;
                }
                if (now >= event.again) {
                    event.wait = std::min(event.wait * 2, kLongestAckTime);
                    event.again = now + event.wait;
                    to_send_.push_back(event.content);
                    more_.notify_one();
                }
                ++at;
            }
            if (late.empty()) continue;
            lock.unlock();
            for (const Done& one : late) one(false);
            lock.lock();
        }
    }

    bool ending() const {
        const std::lock_guard lock(mutex_);
        return ending_;
    }

    Options options_;
    Way* way_;
    Nats nats_;
    mutable std::mutex mutex_;
    std::condition_variable changed_, more_, acknowledged_;
    std::unordered_map<std::string, Event> waiting_;
    std::deque<ContentPointer> to_send_;
    std::atomic<bool> connected_{true}, acknowledges_{true};
    std::uint64_t waiting_bytes_ = 0, kept_ = 0, doubled_ = 0, lost_ = 0;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Bus>> Bus::open(const Options& options) {
    auto bus = std::make_unique<Connected>(options);
    BARTIZAN_TRY(bus->open());
    return std::unique_ptr<Bus>(std::move(bus));
}

}  // namespace bartizan::stream

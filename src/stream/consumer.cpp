#include "stream/consumer.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "stream/nats.h"

namespace bartizan::stream {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

constexpr int kBatch = 256;
constexpr int kFetchMs = 250;
constexpr auto kTryAgain = 250ms;
constexpr auto kAckTime = 30s;
constexpr auto kForgetAfter = 60s;
constexpr std::size_t kMostReaders = 256;

/// Frees a list of messages with those still in it.
struct Batch {
    natsMsgList list{};
    ~Batch() { natsMsgList_Destroy(&list); }
};

std::uint64_t sequence_of(natsMsg* message) {
    jsMsgMetaData* raw = nullptr;
    if (natsMsg_GetMetaData(&raw, message) != NATS_OK) return 0;
    const std::uint64_t out = raw->Sequence.Stream;
    jsMsgMetaData_Destroy(raw);
    return out;
}

class Reading final : public Consumer {
public:
    Reading(Bus& bus, ConsumerOptions options, Take take)
        : bus_(bus), options_(std::move(options)), take_(std::move(take)), seen_(bus.partitions()) {}
    ~Reading() override {
        {
            const std::lock_guard lock(shared_->mutex);
            shared_->ending = true;
        }
        shared_->changed.notify_all();
        for (std::thread& thread : threads_) thread.join();
        (void)bus_.put("reader." + options_.id, "gone");
        (void)bus_.forget("reader." + options_.id);
    }

    Result<void> start() {
        BARTIZAN_TRY(beat());
        // Callbacks may come while this ends, until the bus does: they know only what they share.
        BARTIZAN_TRY(bus_.watch("reader.>", [shared = shared_](const std::string& key, const std::string& value) {
            shared->heard(key.substr(std::string("reader.").size()), value);
        }));
        threads_.emplace_back([this] {
            while (wait(options_.beat)) {
                (void)beat();
                for (const std::string& id : shared_->long_dead()) (void)bus_.forget("reader." + id);
            }
        });
        for (std::size_t i = 0; i < bus_.partitions(); ++i) threads_.emplace_back([this, i] { read(i); });
        return {};
    }

    std::vector<PartitionState> seen() const override {
        const std::lock_guard lock(shared_->mutex);
        return seen_;
    }
    std::vector<std::size_t> owned() const override {
        const std::lock_guard lock(shared_->mutex);
        return {owned_.begin(), owned_.end()};
    }

private:
    /// Who was heard of, and when.
    struct Shared {
        std::mutex mutex;
        std::condition_variable changed;
        bool ending = false;
        std::map<std::string, Time> heard_of;

        void heard(const std::string& id, const std::string& value) {
            const std::lock_guard lock(mutex);
            if (value == "gone")
                heard_of.erase(id);
            else if (heard_of.size() < kMostReaders || heard_of.contains(id))  // a bucket gone wild
                heard_of[id] = std::chrono::steady_clock::now();
        }

        std::vector<std::string> long_dead() {
            const Time now = std::chrono::steady_clock::now();
            std::vector<std::string> out;
            const std::lock_guard lock(mutex);
            for (const auto& [id, when] : heard_of)
                if (now - when > kForgetAfter) out.push_back(id);
            for (const std::string& id : out) heard_of.erase(id);
            return out;
        }
    };

    Result<void> beat() { return bus_.put("reader." + options_.id, std::to_string(++beats_)); }

    bool wait(std::chrono::milliseconds time) {
        std::unique_lock lock(shared_->mutex);
        return !shared_->changed.wait_for(lock, time, [&] { return shared_->ending; });
    }
    bool ending() const {
        const std::lock_guard lock(shared_->mutex);
        return shared_->ending;
    }

    /// By what this reader heard itself: clocks of other machines do not matter.
    std::vector<std::string> living() const {
        const Time now = std::chrono::steady_clock::now();
        const std::lock_guard lock(shared_->mutex);
        std::vector<std::string> out{options_.id};
        for (const auto& [id, when] : shared_->heard_of)
            if (id != options_.id && now - when < options_.dead_after) out.push_back(id);
        std::ranges::sort(out);
        return out;
    }

    void note(std::size_t partition, const PartitionState& state, bool mine) {
        const std::lock_guard lock(shared_->mutex);
        seen_[partition] = state;
        if (mine)
            owned_.insert(partition);
        else
            owned_.erase(partition);
    }

    static std::string key_of(std::size_t partition) { return "partition." + std::to_string(partition); }

    /// The whole life of one partition with this reader.
    void read(std::size_t partition) {
        // Until others were heard of, each would think that it is alone.
        if (!wait(2 * options_.beat)) return;
        while (!ending()) {
            if (reader_of(partition, living()) == options_.id) (void)read_as_owner(partition);
            if (auto value = read_value(bus_.nats(), key_of(partition)); value.ok() && value->revision != 0)
                if (auto state = parse_partition(value->text); state.ok()) note(partition, *state, false);
            if (!wait(kTryAgain)) return;
        }
    }

    /// Takes the partition over, where its owner has let go of it or does not live, and reads until another should.
    Result<void> read_as_owner(std::size_t partition) {
        const Value value = BARTIZAN_TRY(read_value(bus_.nats(), key_of(partition)));
        PartitionState state;
        if (value.revision != 0) state = BARTIZAN_TRY(parse_partition(value.text));
        const auto alive = living();
        if (!state.owner.empty() && state.owner != options_.id && std::ranges::find(alive, state.owner) != alive.end())
            return {};
        state.owner = options_.id;
        std::uint64_t revision =
            BARTIZAN_TRY(write_value(bus_.nats(), key_of(partition), to_text(state), value.revision));
        if (revision == 0) return {};
        note(partition, state, true);
        const OwnedSubscription subscription = BARTIZAN_TRY(subscribe(partition, state.sequence + 1));
        while (!ending() && reader_of(partition, living()) == options_.id) {
            const Result<bool> kept = read_batch(partition, subscription.get(), state, revision);
            if (!kept.ok() || !*kept) {
                natsSubscription_Unsubscribe(subscription.get());
                return kept.ok() ? Result<void>() : Result<void>(kept.error());
            }
        }
        natsSubscription_Unsubscribe(subscription.get());
        state.owner.clear();
        (void)write_value(bus_.nats(), key_of(partition), to_text(state), revision);
        return {};
    }

    Result<OwnedSubscription> subscribe(std::size_t partition, std::uint64_t from) {
        Nats& nats = bus_.nats();
        jsSubOptions options;
        jsSubOptions_Init(&options);
        options.Stream = nats.stream.c_str();
        options.Config.DeliverPolicy = js_DeliverByStartSequence;
        options.Config.OptStartSeq = from;
        options.Config.AckPolicy = js_AckExplicit;
        options.Config.AckWait = std::chrono::nanoseconds(kAckTime).count();
        options.Config.MaxAckPending = 4 * kBatch;
        options.Config.InactiveThreshold = std::chrono::nanoseconds(kAckTime).count();
        natsSubscription* raw = nullptr;
        const std::string subject = nats.subject + std::to_string(partition);
        jsErrCode code{};
        const natsStatus status =
            js_PullSubscribe(&raw, nats.jetstream.get(), subject.c_str(), nullptr, nullptr, &options, &code);
        if (status != NATS_OK) return nats_error(status, "cannot read " + subject);
        return OwnedSubscription(raw);
    }

    /// False: the partition is another's.
    Result<bool> read_batch(std::size_t partition, natsSubscription* subscription, PartitionState& state,
                            std::uint64_t& revision) {
        Batch batch;
        jsErrCode code{};
        const natsStatus status = natsSubscription_Fetch(&batch.list, subscription, kBatch, kFetchMs, &code);
        if (status == NATS_TIMEOUT) return true;
        if (status != NATS_OK) return nats_error(status, "cannot read partition " + std::to_string(partition));
        PartitionState next = state;
        int taken = 0;
        for (; taken < batch.list.Count; ++taken) {
            natsMsg* const message = batch.list.Msgs[taken];
            const std::uint64_t sequence = sequence_of(message);
            if (sequence <= next.sequence) continue;  // it came again
            const std::string_view bytes(natsMsg_GetData(message),
                                         static_cast<std::size_t>(natsMsg_GetDataLength(message)));
            if (!take_(bytes, next.tally)) break;
            next.sequence = sequence;
        }
        if (next.sequence != state.sequence) {
            const std::uint64_t written =
                BARTIZAN_TRY(write_value(bus_.nats(), key_of(partition), to_text(next), revision));
            if (written == 0) return false;
            revision = written;
            state = next;
            note(partition, state, true);
        }
        for (int i = 0; i < taken; ++i) natsMsg_Ack(batch.list.Msgs[i], nullptr);
        // What was not taken comes from a new subscription, in order.
        return taken == batch.list.Count ? Result<bool>(true)
                                         : Result<bool>(Error(Errc::conflict, "the reader takes no more at present"));
    }

    Bus& bus_;
    ConsumerOptions options_;
    Take take_;
    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
    std::vector<PartitionState> seen_;
    std::set<std::size_t> owned_;
    std::atomic<std::uint64_t> beats_{0};
    std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Consumer>> Consumer::start(Bus& bus, ConsumerOptions options, Take take) {
    auto consumer = std::make_unique<Reading>(bus, std::move(options), std::move(take));
    BARTIZAN_TRY(consumer->start());
    return std::unique_ptr<Consumer>(std::move(consumer));
}

}  // namespace bartizan::stream

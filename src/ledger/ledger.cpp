#include "ledger/ledger.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ledger/log_state.h"

namespace bartizan::ledger {

/// Events that become durable together. Guarded by the writer's mutex.
struct Batch {
    std::vector<std::string> lines;
    bool done = false;
    std::optional<Error> error;
};

namespace {

std::int64_t system_clock() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

class Ledger::Writer {
public:
    Writer(LogState state, std::function<std::int64_t()> clock, std::size_t most_waiting)
        : clock_(clock ? std::move(clock) : system_clock),
          most_waiting_(most_waiting),
          verifier_(state.verifier()),
          state_(std::move(state)),
          next_index_(state_.size()),
          durable_(state_.size()),
          head_(state_.head()),
          thread_([this] { run(); }) {}

    ~Writer() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        work_.notify_one();
        thread_.join();
    }

    Result<Ticket> submit(const Event& event) {
        const EntryText text = BARTIZAN_TRY(EntryText::make(event, time_text(clock_())));
        const std::lock_guard lock(mutex_);
        if (waiting_bytes_ > most_waiting_)
            return exhausted("the ledger's disk does not keep up: too many events wait", "try again later");
        if (waiting_.empty() || waiting_.back()->lines.size() >= kMostInBatch)
            waiting_.push_back(std::make_shared<Batch>());
        Batch& batch = *waiting_.back();
        batch.lines.push_back(text.with_index(next_index_));
        waiting_bytes_ += batch.lines.back().size();
        if (idle_) work_.notify_one();
        return Ticket{next_index_++, waiting_.back()};
    }

    Result<std::uint64_t> wait(const Ticket& ticket) {
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return ticket.batch->done; });
        if (ticket.batch->error) return *ticket.batch->error;
        return ticket.index;
    }

    std::string head() const {
        const std::lock_guard lock(mutex_);
        return head_;
    }
    std::uint64_t size() const {
        const std::lock_guard lock(mutex_);
        return durable_;
    }
    const Verifier& verifier() const { return verifier_; }
    std::optional<Error> trouble() const {
        const std::lock_guard lock(mutex_);
        return trouble_;
    }

    Result<crypto::MerkleProof> prove(bool inclusion, std::uint64_t index, std::uint64_t size) const {
        const std::lock_guard lock(state_mutex_);
        if (size > state_.size())
            return invalid_input("the ledger has " + std::to_string(state_.size()) + " entries, fewer than " +
                                 std::to_string(size));
        const crypto::MerkleSource source = state_.tiles().source();
        return inclusion ? crypto::inclusion_proof(index, size, source)
                         : crypto::consistency_proof(index, size, source);
    }

private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            idle_ = true;
            work_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
            idle_ = false;
            if (waiting_.empty()) return;
            const std::shared_ptr<Batch> batch = waiting_.front();
            waiting_.pop_front();
            lock.unlock();
            const auto written = write(batch->lines);
            lock.lock();
            if (written.ok())
                finish(*batch);
            else
                fail(batch, written.error());
            done_.notify_all();
        }
    }

    Result<void> write(const std::vector<std::string>& lines) {
        const std::lock_guard lock(state_mutex_);
        return state_.extend(lines);
    }

    void finish(Batch& batch) {
        for (const std::string& line : batch.lines) waiting_bytes_ -= line.size();
        durable_ += batch.lines.size();
        head_ = state_.head();
        trouble_.reset();
        batch.done = true;
    }

    /// The batches behind it carry indices that never came to be: they fail too.
    void fail(const std::shared_ptr<Batch>& batch, const Error& error) {
        waiting_.push_front(batch);
        trouble_ = error;
        for (const auto& each : waiting_) {
            each->error = error;
            each->done = true;
        }
        waiting_.clear();
        waiting_bytes_ = 0;
        next_index_ = durable_;
    }

    const std::function<std::int64_t()> clock_;
    const std::size_t most_waiting_;
    const Verifier verifier_;
    mutable std::mutex state_mutex_;  ///< of `state_`; taken before `mutex_`, never after
    LogState state_;
    mutable std::mutex mutex_;  ///< of all below
    std::condition_variable work_;
    std::condition_variable done_;
    std::deque<std::shared_ptr<Batch>> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::uint64_t next_index_;
    std::uint64_t durable_;
    std::string head_;
    std::optional<Error> trouble_;
    bool idle_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

Ledger::Ledger(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
Ledger::~Ledger() = default;

Result<std::unique_ptr<Ledger>> Ledger::open(const std::filesystem::path& folder, Options options) {
    Verifier verifier = BARTIZAN_TRY(Verifier::make(options.origin, options.key.public_key()));
    LogState state = BARTIZAN_TRY(LogState::open(folder, std::move(verifier), std::move(options.key), kMostInBatch));
    return std::unique_ptr<Ledger>(
        new Ledger(std::make_unique<Writer>(std::move(state), std::move(options.clock), options.most_waiting)));
}

Result<Ticket> Ledger::submit(const Event& event) { return writer_->submit(event); }
Result<std::uint64_t> Ledger::wait(const Ticket& ticket) { return writer_->wait(ticket); }
Result<std::uint64_t> Ledger::append(const Event& event) {
    const Ticket ticket = BARTIZAN_TRY(submit(event));
    return wait(ticket);
}
std::string Ledger::head() const { return writer_->head(); }
std::uint64_t Ledger::size() const { return writer_->size(); }
const Verifier& Ledger::verifier() const { return writer_->verifier(); }
std::optional<Error> Ledger::trouble() const { return writer_->trouble(); }
Result<crypto::MerkleProof> Ledger::prove_inclusion(std::uint64_t index, std::uint64_t size) const {
    return writer_->prove(true, index, size);
}
Result<crypto::MerkleProof> Ledger::prove_consistency(std::uint64_t old_size, std::uint64_t size) const {
    return writer_->prove(false, old_size, size);
}

}  // namespace bartizan::ledger

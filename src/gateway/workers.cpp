#include "gateway/workers.h"

#include <algorithm>

#include "core/file.h"

namespace bartizan::gateway {

Workers::~Workers() { stop(); }

void Workers::stop() {
    std::vector<std::future<void>> ending;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        for (auto& [name, worker] : workers_) end(std::move(worker));
        workers_.clear();
        ending.swap(ending_);
    }
    for (const std::future<void>& one : ending) one.wait();
}

/// Elsewhere: requests under way may take seconds to end.
void Workers::end(std::shared_ptr<Worker> worker) {
    std::erase_if(ending_,
                  [](const auto& one) { return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    ending_.push_back(std::async(std::launch::async, [worker = std::move(worker)]() mutable {
        // Never on a loop: its end waits for loops. The requests under way that still hold it have a time limit.
        while (worker.use_count() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        worker.reset();
    }));
}

std::shared_ptr<Worker> Workers::start(const ServedVersion& version) {
    auto provide = [this, id = version.id](const std::filesystem::path& path) -> Result<void> {
        return write_pieces_atomically(path, [&](const AppendBytes& append) {
            return registry_.read(id, "", registry::Reader::security,
                                  [&](std::string_view piece) { return append(std::as_bytes(std::span(piece))); });
        });
    };
    return workers_[version.id.text()] =
               std::make_shared<Worker>(version, std::move(provide), options_, loops_, log_, metrics_);
}

std::shared_ptr<Worker> Workers::worker(const ServedVersion& version) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return nullptr;
    const auto found = workers_.find(version.id.text());
    if (found != workers_.end()) return found->second;
    if (workers_.size() >= options_.most) {
        auto oldest = workers_.end();
        for (auto at = workers_.begin(); at != workers_.end(); ++at)
            if (std::ranges::find(warm_, at->first) == warm_.end() &&
                (oldest == workers_.end() || at->second->last_asked() < oldest->second->last_asked()))
                oldest = at;
        if (oldest == workers_.end()) return nullptr;
        end(std::move(oldest->second));
        workers_.erase(oldest);
    }
    return start(version);
}

std::shared_ptr<Worker> Workers::running(const registry::VersionId& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = workers_.find(id.text());
    return found == workers_.end() ? nullptr : found->second;
}

void Workers::settle(const Routing& routing) {
    std::vector<std::string> warm;
    for (const registry::VersionId& id : routing.warm())
        if (warm.size() + 1 < options_.most) warm.push_back(id.text());  // room for one that is asked for
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    warm_ = warm;
    const auto needed = [&](const std::string& name) { return std::ranges::find(warm, name) != warm.end(); };
    for (const registry::VersionId& id : routing.warm())
        if (needed(id.text()) && !workers_.contains(id.text())) start(*routing.version(id));
    for (auto at = workers_.begin(); at != workers_.end();) {
        const bool stays = needed(at->first) || now - at->second->last_asked() < options_.idle;
        if (!stays) end(std::move(at->second));
        at = stays ? std::next(at) : workers_.erase(at);
    }
}

std::vector<Workers::Seen> Workers::seen() const {
    const std::lock_guard lock(mutex_);
    std::vector<Seen> out;
    for (const auto& [name, worker] : workers_) out.push_back({name, worker->state(), worker->trouble()});
    return out;
}

}  // namespace bartizan::gateway

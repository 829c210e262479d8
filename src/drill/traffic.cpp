#include "drill/traffic.h"

namespace bartizan::drill {

Traffic::Traffic(const Site& site, std::string key, Question question, NdArray row, std::chrono::milliseconds pause)
    : site_(site), key_(std::move(key)), question_(std::move(question)), row_(std::move(row)) {
    thread_ = std::thread([this, pause] { run(pause); });
}

void Traffic::stop() {
    ending_ = true;
    if (thread_.joinable()) thread_.join();
}

void Traffic::run(std::chrono::milliseconds pause) {
    while (!ending_) {
        One one{.sent = std::chrono::steady_clock::now()};
        const auto said = infer(site_, key_, question_, row_);
        one.answered = std::chrono::steady_clock::now();
        if (said.ok()) {
            one.status = said->status;
            one.version = said->version;
            one.labels_alone = said->labels_alone();
        }
        {
            const std::lock_guard lock(mutex_);
            seen_.push_back(std::move(one));
        }
        std::this_thread::sleep_for(pause);
    }
}

std::vector<Traffic::One> Traffic::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

std::size_t Traffic::count() const {
    const std::lock_guard lock(mutex_);
    return seen_.size();
}

}  // namespace bartizan::drill

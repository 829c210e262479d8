#include "http/loop.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace bartizan::http {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick{100};

/// Signals are for the program's own thread.
void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

void tick(std::shared_ptr<asio::steady_timer> timer, std::function<bool()> work) {
    timer->expires_after(kTick);
    asio::steady_timer& waiting = *timer;
    waiting.async_wait(
        [timer = std::move(timer), work = std::move(work)](const boost::system::error_code& error) mutable {
            if (!error && work()) tick(std::move(timer), std::move(work));
        });
}

}  // namespace

struct Loop::State {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
    std::thread thread;
};

Loop::Loop(std::size_t index, std::string name) : index_(index), state_(std::make_unique<State>()) {
    state_->thread = std::thread([this, name = std::move(name)] {
        block_signals();
        ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
        state_->context.run();
    });
}

Loop::~Loop() { stop(); }

void Loop::stop() {
    state_->context.stop();
    if (state_->thread.joinable()) state_->thread.join();
}

asio::io_context& Loop::context() { return state_->context; }

bool Loop::is_this_thread() const { return std::this_thread::get_id() == state_->thread.get_id(); }

void Loop::post(std::function<void()> work) { asio::post(state_->context, std::move(work)); }

void Loop::after(std::chrono::milliseconds delay, std::function<void()> work) {
    post([this, delay, work = std::move(work)]() mutable {
        auto timer = std::make_shared<asio::steady_timer>(state_->context, delay);
        timer->async_wait([timer, work = std::move(work)](const boost::system::error_code& error) {
            if (!error) work();
        });
    });
}

void Loop::every_tick(std::function<bool()> work) {
    post([this, work = std::move(work)]() mutable {
        tick(std::make_shared<asio::steady_timer>(state_->context), std::move(work));
    });
}

Loops::Loops(std::size_t count, const std::string& name) {
    if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>(i, name + std::to_string(i)));
}

Loops::~Loops() { stop(); }

void Loops::stop() {
    for (const auto& loop : loops_) loop->stop();
}

}  // namespace bartizan::http

#pragma once
/// Event loops: one thread each, which runs everything that its connections need. What starts on a loop stays there,
/// so connections need no locks.
/// Thread rule: `post` and `after` may be called from any thread; what they are given runs on the loop's own thread.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace bartizan::http {

class Loop {
public:
    Loop(std::size_t index, std::string name);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Runs `work` soon.
    void post(std::function<void()> work);
    /// Runs `work` after `delay`, unless the loop has ended by then.
    void after(std::chrono::milliseconds delay, std::function<void()> work);
    /// Runs `work` about ten times a second until it returns false.
    void every_tick(std::function<bool()> work);
    /// Its place among its siblings, from 0.
    std::size_t index() const { return index_; }
    bool is_this_thread() const;
    /// Ends the thread; what waits on the loop is forgotten. Not from the loop itself.
    void stop();

    boost::asio::io_context& context();

private:
    struct State;
    std::size_t index_;
    std::unique_ptr<State> state_;
};

/// As many loops as asked for; ended and joined at destruction.
class Loops {
public:
    /// `count` 0: one for each core.
    explicit Loops(std::size_t count, const std::string& name = "loop");
    ~Loops();
    std::size_t size() const { return loops_.size(); }
    Loop& at(std::size_t index) { return *loops_[index % loops_.size()]; }
    void stop();

private:
    std::vector<std::unique_ptr<Loop>> loops_;
};

/// Time that tick-driven deadlines are measured in.
using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace bartizan::http

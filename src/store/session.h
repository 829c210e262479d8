#pragma once
/// One connection, through SOCI, whose exceptions end here; for this module's own files. One thread at a time.

#include <chrono>
#include <memory>
#include <string>

#include "store/database.h"

namespace bartizan::store {

class Session final : public Transaction {
public:
    static Result<std::unique_ptr<Session>> open(Engine engine, const std::string& address);
    ~Session() override;

    Result<Rows> run(std::string_view sql, std::span<const Value> values) override;
    Result<void> begin();
    Result<void> commit();
    void roll_back();
    /// Cuts the connection when a statement waits longer for its server: it then fails with `unavailable`. From any
    /// thread.
    void give_up(std::chrono::milliseconds patience);
    /// Connects again after a failure that may have cut the connection.
    Result<void> ensure_connected();

private:
    struct State;
    class Asking;
    explicit Session(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace bartizan::store

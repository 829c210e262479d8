#pragma once
/// For tests: cases and runs on a fresh state, a service that remembers what it was asked, a post office that fails
/// when told to.

#include <functional>
#include <map>
#include <mutex>

#include "incident/response.h"
#include "journal/journal_testing.h"

namespace bartizan::incident {

class FakeService final : public Actions {
public:
    Result<void> check(const ServiceCall& call) override {
        if (call.target.find("nowhere") != std::string::npos) return Error(Errc::not_found, "there is nothing there");
        return {};
    }
    Result<Json> call(const ServiceCall& call) override {
        {
            const std::lock_guard lock(mutex_);  // branches call side by side
            calls.push_back(call.method + " " + call.target);
            bodies.push_back(call.body);
        }
        if (on_call) return on_call(call);
        return Json{{"version", 2}};
    }
    Result<Json> snapshot(const Incident&) override {
        if (!holds) return Error(Errc::unavailable, "nothing can be kept");
        return Json{{"kept", true}};
    }
    std::vector<std::string> calls, bodies;
    std::function<Result<Json>(const ServiceCall&)> on_call;
    bool holds = true;

private:
    std::mutex mutex_;
};

class FakePost final : public Delivery {
public:
    Result<std::string> mail(const Mail& mail) override {
        return deliver("mail " + mail.to, mail.subject + "\n" + mail.text);
    }
    Result<std::string> post(const std::string& address, const std::string& json) override {
        return deliver("post " + address, json);
    }
    std::vector<std::pair<std::string, std::string>> sent;
    int fail_first = 0;
    Errc failure = Errc::unavailable;
    int tries = 0;

private:
    Result<std::string> deliver(const std::string& to, const std::string& what) {
        ++tries;
        if (fail_first-- > 0) return Error(failure, "not now");
        sent.emplace_back(to, what);
        return std::string("250 taken");
    }
};

class IncidentTest : public journal::StateTest {
protected:
    static constexpr std::int64_t kStart = 1'800'000'000;
    void SetUp() override {
        StateTest::SetUp();
        if (journal_) make();
    }
    void TearDown() override {
        response_.reset();
        StateTest::TearDown();
    }
    void make(ResponseOptions options = {}) {
        response_.reset();
        response_ =
            std::make_unique<Response>(Response::Parts{*journal_, service_, post_, [this] { return now_; },
                                                       [this](const std::string& kind, const std::string& reason) {
                                                           complaints_.push_back(kind + ": " + reason);
                                                       }},
                                       std::move(options));
    }
    Signal signal(const std::string& detector, const std::string& version = "model:m@2",
                  std::vector<std::string> principals = {"eve"}) const {
        return {.detector = detector,
                .version = version,
                .principals = std::move(principals),
                .severity = "high",
                .title = detector + " on " + version,
                .atlas = "AML.T0000"};
    }
    std::size_t count(const std::string& kind) const {
        std::size_t found = 0;
        for (const ledger::Entry& entry : entries()) found += entry.event.kind == kind ? 1 : 0;
        return found;
    }

    std::int64_t now_ = kStart;
    FakeService service_;
    FakePost post_;
    std::vector<std::string> complaints_;
    std::unique_ptr<Response> response_;
};

}  // namespace bartizan::incident

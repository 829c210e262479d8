#pragma once
/// For tests: a whole service on a free port of loopback, with an empty state, workers that do not start, and an
/// examiner that believes what it is told.

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "core/file.h"
#include "gateway/service.h"
#include "http/server_testing.h"
#include "ledger/copy.h"

namespace bartizan::gateway {

/// A file that begins with "evil" is malicious; a signature "good" holds.
class BelievingExaminer final : public Examiner {
public:
    Result<registry::Check> scan(const std::filesystem::path& file) override {
        const std::string content = BARTIZAN_TRY(read_file(file, 1 << 20));
        return registry::Check{"scan", content.starts_with("evil") ? "malicious" : "clean"};
    }
    Result<registry::Check> verify(const std::filesystem::path&, const std::filesystem::path& signature,
                                   const std::vector<std::filesystem::path>&) override {
        return registry::Check{"signature",
                               BARTIZAN_TRY(read_file(signature, 1 << 20)) == "good" ? "verified" : "failed"};
    }
};

struct Answered {
    int status = 0;
    std::string head;
    Json body;
    std::string code() const { return body.is_object() ? body.value("code", std::string()) : std::string(); }
};

class ServiceTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        config_.state = folder_ / "state";
        config_.gates = {.scan = false, .signature = false, .audit_score = {}};
        start();
    }
    void TearDown() override {
        stop();
        std::filesystem::remove_all(folder_);
    }
    void start() {
        auto state = State::open(config_);
        ASSERT_TRUE(state.ok()) << state.error().line();
        state_ = std::move(state).value();
        if (state_->admin_key) keys_["admin"] = std::string(state_->admin_key->text());
        loops_ = std::make_unique<http::Loops>(1);
        service_ = std::make_unique<Service>(Service::Parts{*state_,
                                                            examiner_,
                                                            *loops_,
                                                            {.engine = "/bin/false",
                                                             .folder = folder_ / "run",
                                                             .longest_wait = std::chrono::hours(1),
                                                             .stand_in = stand_in_},
                                                            [this](std::string_view lines) { log_ += lines; }},
                                             config_);
        ASSERT_TRUE(service_->start().ok());
        http::ServerOptions options;
        options.limits.body_bytes = config_.upload_bytes;
        auto server = http::Server::start(options, *service_, *loops_);
        ASSERT_TRUE(server.ok()) << server.error().line();
        server_ = std::move(server).value();
    }
    void stop() {
        if (server_) server_->drain(std::chrono::seconds(5));
        if (service_) service_->stop();
        server_.reset();
        if (loops_) loops_->stop();
        service_.reset();
        loops_.reset();
        state_.reset();
    }
    /// A principal of this name with one grant, and his key.
    void add(const std::string& name, const std::string& grant) {
        ASSERT_TRUE(state_->access->add_principal("test", {name}).ok());
        ASSERT_TRUE(state_->access->grant("test", name, *access::parse_grant(grant)).ok());
        keys_[name] = std::string(state_->access->add_key("test", {name})->text().text());
    }
    Answered ask(const std::string& who, const std::string& method, const std::string& target,
                 const std::string& body = {}, const std::string& headers = {}) {
        std::string text = method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + headers;
        if (!who.empty()) text += "Authorization: Bearer " + keys_.at(who) + "\r\n";
        if (method != "GET") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return raw(text + "\r\n" + body);
    }
    Answered raw(const std::string& text) {
        http::RawClient client(server_->port());
        const std::string answer = client.asks(text);
        const std::size_t end = std::min(answer.find("\r\n\r\n"), answer.size());
        Answered out{http::status_of(answer), answer.substr(0, end), {}};
        if (auto json = parse_json(answer.substr(std::min(end + 4, answer.size()))); json.ok()) out.body = *json;
        return out;
    }
    std::int64_t push(const std::string& content, const std::string& asset = "models/m") {
        const Answered answer = ask("admin", "POST", "/v1/" + asset + "/versions?file=m.onnx", content);
        EXPECT_EQ(answer.status, 201) << answer.body;
        return answer.body.value("version", std::int64_t{0});
    }
    std::vector<ledger::Entry> entries() const {
        std::vector<ledger::Entry> out;
        const auto copy = ledger::Copy::open(config_.state / "ledger");
        auto from = copy->entries(state_->ledger->size());
        for (std::uint64_t i = 0; i < state_->ledger->size(); ++i)
            out.push_back(*ledger::parse_entry(**from.source->next()));
        return out;
    }
    std::size_t count(const std::string& kind, const std::string& actor) const {
        std::size_t found = 0;
        for (const ledger::Entry& entry : entries()) found += entry.event.kind == kind && entry.event.actor == actor;
        return found;
    }

    std::filesystem::path folder_;
    Config config_;
    BelievingExaminer examiner_;
    std::function<http::PeerResponse(const http::PeerRequest&)> stand_in_;  ///< empty: workers do not start
    std::string log_;                                                       ///< read it after `stop`
    std::unique_ptr<State> state_;
    std::unique_ptr<http::Loops> loops_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<http::Server> server_;
    std::map<std::string, std::string> keys_;
};

}  // namespace bartizan::gateway

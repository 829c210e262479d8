#pragma once
/// For tests of runs: an incident, and playbooks made of a few steps.

#include <string>

#include <fmt/format.h>

#include "incident/incident_testing.h"

namespace bartizan::incident {

class RunFixture : public IncidentTest {
protected:
    void SetUp() override {
        IncidentTest::SetUp();
        if (journal_) number_ = must(response_->cases().open("anna", signal("golden-set"), "")).number;
    }
    incident::Run start(const std::string& playbook, RunMode mode = RunMode::execute,
                        const std::string& actor = "anna") {
        return must(response_->runs().start(actor, playbook, number_, mode, {}));
    }
    /// A playbook of these steps, by name: action lines, or JSON objects with "condition".
    void install(const std::string& name, const Json& workflow, const Json& variables = Json::object()) {
        Json json = {
            {"type", "playbook"},
            {"spec_version", "cacao-2.0"},
            {"id", "playbook--00000000-0000-4000-8000-000000000005"},
            {"name", name},
            {"created_by", "identity--00000000-0000-4000-8000-000000000006"},
            {"created", "2026-11-23T00:00:00Z"},
            {"modified", "2026-11-23T00:00:00Z"},
            {"playbook_variables", variables},
            {"workflow_start", id("start", 0)},
            {"workflow", workflow},
            {"agent_definitions", {{"http-api--00000000-0000-4000-8000-00000000000a", {{"type", "http-api"}}}}}};
        const auto installed = response_->runs().install("anna", name, json.dump());
        ASSERT_TRUE(installed.ok()) << installed.error().line();
    }
    static std::string id(const std::string& type, int number) {
        return type + "--00000000-0000-4000-8000-" + fmt::format("{:012}", number);
    }
    static Json call(const std::string& line, const std::string& next, const std::string& content = "{}") {
        return {{"type", "action"},
                {"agent", "http-api--00000000-0000-4000-8000-00000000000a"},
                {"on_success", next},
                {"commands", {{{"type", "http-api"}, {"command", line}, {"content", content}}}}};
    }
    std::int64_t number_ = 0;
};
}  // namespace bartizan::incident

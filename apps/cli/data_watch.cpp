/// `bartizan data watch DATA --key P`: verifies again and again, and reports through findings.
#include <cmath>
#include <csignal>
#include <ctime>

#include <fmt/format.h>

#include "apps/cli/data_options.h"
#include "apps/cli/light_commands.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/progress.h"
#include "core/time_text.h"
#include "lineage/watcher.h"
#include "report/files.h"
#include "report/json.h"
#include "report/score.h"

namespace bartizan::program {
namespace {

CancelToken stop_token;  // a signal handler reaches nothing but a global

extern "C" void on_stop(int) { stop_token.cancel(); }

/// The first Ctrl-C asks the watch to end and report; the second one kills.
void install_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

struct Round {
    std::string time;
    double seconds = 0;
    std::string cause;  ///< "start", "interval", "event"
    lineage::Verdict verdict;
    std::vector<Finding> findings;
};

Result<lineage::VerifyRequest> request_of(const cli::Invocation& invocation) {
    lineage::VerifyRequest request;
    request.data_set = invocation.positional(0);
    const SealPlace place = seal_place(invocation, request.data_set);
    request.manifest = place.manifest;
    request.seal = place.seal;
    request.trust = BARTIZAN_TRY(sealer_of(invocation));
    request.times = invocation.flag("trust-times") ? lineage::Times::trust : lineage::Times::ignore;
    return request;
}

/// A data set or manifest that is gone is what a watch is for: a verdict, once the watch runs.
Result<Round> look(const lineage::VerifyRequest& request, std::string cause, const RunContext& context) {
    Round round{.time = utc_text(std::time(nullptr)), .cause = std::move(cause)};
    const auto begin = std::chrono::steady_clock::now();
    Differences differences;
    auto verdict = lineage::verify(request, context, [&](const lineage::Difference& difference) -> Result<void> {
        if (differences.listed.size() < kMostShownItems) differences.listed.push_back(difference);
        return {};
    });
    if (!verdict.ok() && verdict.error().code() == Errc::cancelled) return verdict.error();
    if (!verdict.ok() && round.cause == "start") return verdict.error();
    if (verdict.ok())
        round.verdict = std::move(*verdict);
    else
        round.verdict.reason = verdict.error().line();
    round.findings = lineage::findings_of(request.data_set.string(), round.verdict, differences.listed);
    round.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return round;
}

Report report_of(const cli::Invocation& invocation, const Round& round) {
    Report report;
    report.tool_version = kVersion;
    report.command = invocation.command_line;
    report.started = round.time;
    report.seconds = round.seconds;
    report.asset = {.kind = "data set", .path = invocation.positional(0)};
    if (const auto& statement = round.verdict.statement) {
        report.asset.sha256 = statement->manifest_sha256;
        report.asset.facts = {{"items", std::to_string(statement->items)},
                              {"merkle root", statement->root},
                              {"version", std::to_string(statement->version)}};
    }
    report.probes = {{.name = "data-seal",
                      .title = "The data set is as it was sealed",
                      .status = ProbeStatus::passed,
                      .seconds = round.seconds,
                      .reason = {},
                      .findings = round.findings}};
    return report;
}

class Watch {
public:
    explicit Watch(const cli::Invocation& invocation)
        : invocation_(invocation),
          gate_(severity_from(invocation.text("fail-on"))),
          progress_(stderr, progress_style_for_stderr(invocation.flag("quiet"))),
          context_({.threads = static_cast<int>(invocation.integer("threads", 0)),
                    .cancel = &stop_token,
                    .progress = &progress_}) {}

    Result<int> run() {
        const auto request = BARTIZAN_TRY(request_of(invocation_));
        if (invocation_.has("out")) BARTIZAN_TRY(cli::check_writable_folder(invocation_.text("out")));
        // Before the first look, so that nothing changes unseen between the two.
        auto watcher = invocation_.flag("no-events") ? lineage::watch_clock()
                                                     : BARTIZAN_TRY(lineage::watch_events(request.data_set));
        if (!watcher->limits().empty()) std::fprintf(stderr, "bartizan: %s\n", watcher->limits().c_str());
        install_stop_signals();
        const auto interval = std::chrono::milliseconds(std::llround(invocation_.number("every", 300) * 1000));
        const auto rounds = invocation_.integer("rounds", 0);
        std::string cause = "start";
        while (true) {
            auto round = look(request, cause, context_);
            if (!round.ok() && round.error().code() == Errc::cancelled) break;
            BARTIZAN_TRY(take(BARTIZAN_TRY(std::move(round))));
            if (rounds > 0 && rounds_ == rounds) break;
            const auto woken = watcher->wait(interval, context_);
            if (!woken.ok() && woken.error().code() == Errc::cancelled) break;
            cause = BARTIZAN_TRY(woken) == lineage::Woken::event ? "event" : "interval";
        }
        return end();
    }

private:
    bool as_text() const { return invocation_.text("format") != "json"; }

    Result<void> take(Round round) {
        ++rounds_;
        for (const Finding& finding : round.findings) reached_ = reached_ || (gate_ && finding.severity >= *gate_);
        if (invocation_.has("out"))
            BARTIZAN_TRY(report::write_report_files(report_of(invocation_, round), invocation_.text("out"), gate_));
        const bool news = !last_ || last_->verdict.reason != round.verdict.reason;
        if (as_text()) BARTIZAN_TRY(cli::print(line_of(round)));
        if (news && changes_.size() < kMostListed) changes_.push_back(json_of(round));
        last_ = std::move(round);
        return {};
    }

    static std::string line_of(const Round& round) {
        std::string text =
            fmt::format("{} {:<10} {} ({})\n", round.time, round.verdict.verified ? "verified" : "NOT VALID",
                        cli::printable(round.verdict.reason), round.cause);
        for (const Finding& finding : round.findings)
            for (const Table& table : finding.tables)
                for (const auto& row : table.rows)
                    text += fmt::format("  {} {} {}\n", row[0], cli::printable(row[1]), cli::printable(row[2]));
        return text;
    }

    static Json json_of(const Round& round) {
        Json findings = Json::array();
        for (const Finding& finding : round.findings) findings.push_back(report::finding_json(finding));
        return {{"time", round.time},
                {"cause", round.cause},
                {"verified", round.verdict.verified},
                {"reason", round.verdict.reason},
                {"findings", std::move(findings)}};
    }

    Result<int> end() {
        Json json = cli::document(invocation_);
        json["path"] = invocation_.positional(0);
        json["verified"] = last_ && last_->verdict.verified;
        json["reason"] = last_ ? last_->verdict.reason : "stopped before the first verification ended";
        json["rounds"] = rounds_;
        json["changes"] = changes_;
        if (!as_text()) BARTIZAN_TRY(cli::print(invocation_, json, ""));
        if (!last_) return 1;
        return gate_ && (reached_ || !last_->verdict.verified) ? 1 : 0;
    }

    const cli::Invocation& invocation_;
    std::optional<Severity> gate_;
    TextProgress progress_;
    RunContext context_;
    std::int64_t rounds_ = 0;
    bool reached_ = false;
    std::optional<Round> last_;
    Json changes_ = Json::array();
};

}  // namespace

Result<int> data_watch(const cli::Invocation& invocation) { return Watch(invocation).run(); }

}  // namespace bartizan::program

/// `bartizan extract MODEL|URL --data D --queries N`: how much of a model can be stolen for so many queries.
#include <algorithm>
#include <cmath>
#include <ctime>
#include <numeric>

#include <fmt/format.h>

#include "apps/engine/extraction_output.h"
#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "audit/plan.h"
#include "audit/theft.h"
#include "bartizan/version.h"
#include "catalog/extractions.h"
#include "cli/output.h"
#include "core/random.h"
#include "core/time_text.h"
#include "data/sources.h"
#include "extraction/curve.h"
#include "report/files.h"
#include "serving/remote_model.h"

namespace bartizan::engine {
namespace extracting {
namespace {

constexpr std::int64_t kMostJudges = 10'000;
constexpr std::int64_t kMostRemoteJudges = 1'000;  // measuring costs the other side, too
constexpr double kHeldOut = 0.2;
constexpr std::int64_t kMostHeldOut = 2'000;
constexpr std::int64_t kLeastJudges = 20;
constexpr std::uint32_t kJudgesPurpose = 600;

struct Parts {
    data::Info info;  ///< of the pool
    data::Batch pool;
    data::Batch judges;
    std::vector<std::string> notes;
};

Result<data::Batch> some_rows(const data::Dataset& dataset, std::vector<std::int64_t> rows, std::size_t most) {
    rows.resize(std::min(rows.size(), most));
    std::ranges::sort(rows);
    return dataset.read(rows);
}

Result<Parts> read_parts(const cli::Invocation& invocation, std::int64_t most_judges) {
    Parts parts;
    const auto whole = BARTIZAN_TRY(open_data(invocation));
    parts.info = whole->info();
    const std::int64_t items = parts.info.items;
    if (items < 1) return invalid_input("data '" + invocation.text("data") + "' holds no items");
    const auto seed = static_cast<std::uint64_t>(invocation.integer("seed", 0));
    if (invocation.has("test-data")) {
        const auto test = BARTIZAN_TRY(open_data(invocation, "test-data"));
        if (test->info().item_shape != parts.info.item_shape)
            return invalid_input(fmt::format("--test-data has items of shape {}, --data of {}",
                                             to_string(test->info().item_shape), to_string(parts.info.item_shape)));
        parts.judges = BARTIZAN_TRY_WITHIN(some_rows(*test, permutation(test->info().items, seed, kJudgesPurpose),
                                                     static_cast<std::size_t>(most_judges)),
                                           "--test-data");
        parts.pool = BARTIZAN_TRY_WITHIN(data::read_all(*whole), "--data");
    } else {
        const auto rows = permutation(items, seed, kJudgesPurpose);
        const auto fifth = static_cast<std::int64_t>(kHeldOut * static_cast<double>(items));
        const std::int64_t held_out = std::min({kMostHeldOut, most_judges, fifth});
        parts.judges = BARTIZAN_TRY(some_rows(*whole, {rows.begin(), rows.begin() + held_out}, rows.size()));
        parts.pool = BARTIZAN_TRY(some_rows(*whole, {rows.begin() + held_out, rows.end()}, rows.size()));
    }
    if (parts.judges.x.shape()[0] < kLeastJudges)
        return invalid_input(fmt::format("{} items judge the copy, at least {} are needed", parts.judges.x.shape()[0],
                                         kLeastJudges),
                             "give more with --test-data");
    parts.info.items = parts.pool.x.shape()[0];
    return parts;
}

/// The judges' labels, if they can be the victim's classes.
void drop_foreign_labels(Parts& parts, std::int64_t classes) {
    const auto foreign = [&](std::int64_t label) { return label < 0 || label >= classes; };
    if (!std::ranges::any_of(parts.judges.y, foreign)) return;
    parts.judges.y.clear();
    parts.notes.emplace_back("the judging items have labels that the model has no class for: accuracy is left out");
}

/// linf examples make sense where every number runs from 0 to 1.
double transfer_eps(const cli::Invocation& invocation, const Parts& parts) {
    const bool unit = check_unit_range(parts.judges.x, "").ok();
    if (invocation.has("eps")) return unit ? invocation.number("eps", 0) : 0;
    return unit ? audit::reference_eps(parts.info, catalog::Norm::linf) : 0;
}

Result<Params> params_of(const cli::Invocation& invocation, const catalog::ExtractionSpec& spec) {
    std::map<std::string, std::string> given;
    for (const std::string& pair : invocation.list("param")) {
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid_input(fmt::format("--param: '{}' is not NAME=VALUE", pair), "write --param lambda=0.1");
        given.insert_or_assign(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return Params::make(spec.params, given).within("attack '" + std::string(spec.name) + "'");
}

/// Everything that one carrying out of the attack needs.
struct Work {
    const catalog::ExtractionSpec& spec;
    const Params& params;
    std::shared_ptr<const model::Classifier> classifier;
    const Parts& parts;
    const extraction::Judges& judges;
    extraction::SurrogateOptions surrogate;
    std::int64_t queries;
};

Result<Carried> carry_out(const Work& work, const policy::OutputPolicy& policy, std::uint64_t seed,
                          const std::vector<std::int64_t>& points, RunContext& ctx) {
    extraction::Victim victim(work.classifier, policy, work.queries);
    extraction::SurrogateOptions surrogate = work.surrogate;
    surrogate.seed = seed;
    const auto attack = BARTIZAN_TRY(extraction::make_attack(
        work.spec, work.params,
        {.pool = &work.parts.pool, .info = work.parts.info, .surrogate = surrogate, .seed = seed}));
    Carried out{.run = BARTIZAN_TRY(extraction::run(*attack, victim, work.judges, points, ctx))};
    out.asked = victim.asked();
    out.measured = victim.measured();
    return out;
}

/// Noise of a policy under test is keyed by the seed: nobody has to foretell it here, and runs can be repeated.
policy::OutputPolicy keyed(const policy::OutputPolicy& policy, std::uint64_t seed) {
    policy::Key key{};
    for (std::size_t i = 0; i < sizeof seed; ++i) key[i] = static_cast<std::byte>(seed >> (8 * i));
    key[8] = std::byte{1};
    return policy.with_key(key);
}

/// The mean over the seeds, as a share of as many items as one of them was judged by.
extraction::Share mean_of(const std::vector<extraction::Share>& shares) {
    double sum = 0;
    for (const extraction::Share& one : shares) sum += one.value() / static_cast<double>(shares.size());
    return {std::llround(sum * static_cast<double>(shares.front().whole)), shares.front().whole};
}

std::vector<extraction::Point> averaged(const std::vector<Carried>& runs) {
    std::vector<extraction::Point> out;
    std::size_t points = runs.front().run.points.size();
    for (const Carried& one : runs) points = std::min(points, one.run.points.size());
    for (std::size_t p = 0; p < points; ++p) {
        std::vector<extraction::Share> agreement, accuracy, transfer;
        extraction::Point mean{.queries = runs.front().run.points[p].queries};
        for (const Carried& one : runs) {
            const extraction::Point& point = one.run.points[p];
            agreement.push_back(point.agreement);
            accuracy.push_back(point.accuracy);
            transfer.push_back(point.transfer);
            mean.score_gap += point.score_gap / static_cast<double>(runs.size());
        }
        mean.agreement = mean_of(agreement);
        mean.accuracy = mean_of(accuracy);
        mean.transfer = mean_of(transfer);
        out.push_back(mean);
    }
    return out;
}

/// The same attack, with as many queries, against answers seen through each policy.
Result<std::vector<PolicyRow>> try_policies(const Work& work, const std::vector<policy::OutputPolicy>& policies,
                                            bool& complete, RunContext& ctx) {
    std::vector<PolicyRow> rows;
    for (const policy::OutputPolicy& policy : policies) {
        PolicyRow row{.policy = policy, .cost = extraction::user_cost(policy, work.judges)};
        extraction::Judges judges = work.judges;
        judges.eps = 0;
        Work quiet{work.spec, work.params, work.classifier, work.parts, judges, work.surrogate, work.queries};
        const auto carried = carry_out(quiet, policy, ctx.seed(), {work.queries}, ctx);
        if (carried.ok()) {
            row.point = carried->run.points.back();
        } else if (carried.error().code() == Errc::cancelled) {
            complete = false;
            break;
        } else {
            row.refused = carried.error().message();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

extraction::Share accuracy_of(const extraction::Judges& judges) {
    extraction::Share share;
    for (std::size_t i = 0; i < judges.items.y.size(); ++i) {
        ++share.whole;
        share.part += judges.answers.label(static_cast<std::int64_t>(i)) == judges.items.y[i] ? 1 : 0;
    }
    return share;
}

Result<void> write_report(const cli::Invocation& invocation, Finding finding, bool complete, std::uint64_t seed) {
    Report report{.tool_version = kVersion,
                  .command = invocation.command_line,
                  .started = utc_text(std::time(nullptr)),
                  .seed = seed,
                  .asset = {.kind = "model", .path = invocation.positional(0)},
                  .complete = complete};
    ProbeRecord record{.name = "extraction", .title = "Model theft"};
    record.status = complete ? ProbeStatus::passed : ProbeStatus::incomplete;
    record.findings.push_back(std::move(finding));
    report.probes.push_back(std::move(record));
    BARTIZAN_TRY(report::write_report_files(std::move(report), invocation.text("report"),
                                            severity_from(invocation.text("fail-on", "high"))));
    return {};
}

/// The attack with each of `repeats` seeds. Stopped in the first: what that has; in a later one: those before it, as an
/// unfinished seed would shorten the curve.
Result<ExtractionOutcome> carry_out_all(const Work& work, std::int64_t repeats, RunContext& ctx) {
    ExtractionOutcome out{.attack = work.spec.name,
                          .classes = work.classifier->classes(),
                          .queries_allowed = work.queries,
                          .pool = work.parts.info.items,
                          .samples = work.judges.answers.rows(),
                          .eps = work.judges.eps,
                          .accuracy = accuracy_of(work.judges)};
    const auto points = extraction::query_points(work.queries, work.spec.learns);
    for (std::int64_t repeat = 0; repeat < repeats && out.complete; ++repeat) {
        const std::uint64_t seed = ctx.seed() + static_cast<std::uint64_t>(repeat);
        auto carried = carry_out(work, {}, seed, points, ctx);
        if (!carried.ok() && (carried.error().code() != Errc::cancelled || out.runs.empty()))
            return std::move(carried).error();
        out.complete = carried.ok() && carried->run.complete;
        if (!carried.ok() || (!out.complete && !out.runs.empty())) break;
        out.runs.push_back(std::move(*carried));
        out.seeds.push_back(seed);
    }
    out.curve = averaged(out.runs);
    out.suggested_budget = audit::suggested_budget(out.curve);
    return out;
}

void add_notes(ExtractionOutcome& outcome, const Parts& parts) {
    outcome.notes = parts.notes;
    if (!outcome.runs.front().run.note.empty()) outcome.notes.push_back(outcome.runs.front().run.note);
    if (!outcome.complete) outcome.notes.emplace_back("stopped: this is what was finished");
    if (!outcome.out.empty()) outcome.notes.push_back("the copy is in " + cli::printable(outcome.out));
}

Result<std::vector<policy::OutputPolicy>> policies_of(const cli::Invocation& invocation, std::uint64_t seed) {
    std::vector<policy::OutputPolicy> out;
    for (const std::string& text : invocation.list("policy"))
        out.push_back(keyed(BARTIZAN_TRY_WITHIN(policy::OutputPolicy::parse(text), "--policy"), seed));
    return out;
}

}  // namespace
}  // namespace extracting

Result<int> extract_command(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace extracting;
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    if (invocation.has("report")) BARTIZAN_TRY(cli::check_writable_folder(invocation.text("report")));
    const catalog::ExtractionSpec& spec = *BARTIZAN_TRY(catalog::find_extraction(invocation.text("attack")));
    const Params params = BARTIZAN_TRY(params_of(invocation, spec));
    const auto policies = BARTIZAN_TRY(policies_of(invocation, ctx.seed()));
    const bool remote = serving::is_remote(invocation.positional(0));
    Parts parts = BARTIZAN_TRY(read_parts(invocation, remote ? kMostRemoteJudges : kMostJudges));
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    const std::shared_ptr<const model::Model> model = BARTIZAN_TRY(open_model(invocation));
    const std::shared_ptr<const model::Classifier> classifier =
        BARTIZAN_TRY(model::make_classifier(model, parts.info.item_shape, contract)
                         .within(fmt::format("model '{}' on data '{}'", invocation.positional(0), invocation.text("data"))));
    drop_foreign_labels(parts, classifier->classes());
    extraction::Judges judges{.items = parts.judges, .answers = {}, .eps = transfer_eps(invocation, parts)};
    judges.answers = BARTIZAN_TRY(extraction::Victim(classifier, {}, 0).measure(judges.items.x, ctx));
    const Work work{spec, params, classifier, parts, judges,
                    {.architecture = invocation.text("surrogate"), .steps = invocation.integer("steps", 0)},
                    invocation.integer("queries", 0)};

    ExtractionOutcome outcome = BARTIZAN_TRY(carry_out_all(work, invocation.integer("repeats", 1), ctx));
    if (outcome.complete && !policies.empty())
        outcome.policies = BARTIZAN_TRY(try_policies(work, policies, outcome.complete, ctx));
    const extraction::Copy& copy = outcome.runs.front().run.copy;
    outcome.out = invocation.text("out");
    if (!outcome.out.empty()) {
        BARTIZAN_TRY(copy.model->save_onnx(outcome.out));
        BARTIZAN_TRY(data::write_sidecar(outcome.out, copy.contract));
    }
    const Severity severity = audit::severity_of_theft(outcome.curve);
    outcome.severity = to_string(severity);
    add_notes(outcome, parts);
    if (invocation.has("report"))
        BARTIZAN_TRY(write_report(invocation,
                                  audit::theft_finding(invocation.positional(0), spec.name, outcome.curve, ctx.seed()),
                                  outcome.complete, ctx.seed()));
    Json json = cli::document(invocation);
    fill_extraction_json(json, outcome);
    BARTIZAN_TRY(cli::print(invocation, json, extraction_text(outcome)));
    if (!outcome.complete) return kIncomplete;
    const auto gate = severity_from(invocation.text("fail-on", "high"));
    return gate && severity >= *gate ? 1 : 0;
}

}  // namespace bartizan::engine

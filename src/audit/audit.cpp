#include "audit/audit.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "crypto/hash.h"

namespace bartizan::audit {
namespace {

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

std::string describe(const graph::Value& value) {
    std::string text = value.name + " ";
    text += value.type.dtype ? std::string(to_string(*value.type.dtype)) : "?";
    if (!value.type.has_shape) return text;
    text += "[";
    for (std::size_t i = 0; i < value.type.shape.size(); ++i) {
        if (i > 0) text += ", ";
        const bool symbolic = value.type.shape[i] < 0;
        const std::string symbol = i < value.type.symbols.size() ? value.type.symbols[i] : "";
        text += symbolic ? (symbol.empty() ? "?" : symbol) : std::to_string(value.type.shape[i]);
    }
    return text + "]";
}

std::string describe(const std::vector<graph::Value>& values) {
    std::string text;
    for (const graph::Value& value : values) text += (text.empty() ? "" : ", ") + describe(value);
    return text;
}

Result<Asset> model_asset(const Subject& subject) {
    const model::ModelInfo& info = subject.classifier->model().info();
    Asset asset{.kind = "model", .path = subject.model_path.string(), .sha256 = {}, .facts = {}};
    asset.sha256 = crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(subject.model_path)));
    asset.facts["format"] = info.opset > 0 ? fmt::format("{}, opset {}", info.format, info.opset) : info.format;
    if (!info.producer.empty()) asset.facts["made by"] = info.producer;
    asset.facts["parameters"] = std::to_string(info.parameters);
    asset.facts["classes"] = std::to_string(subject.classifier->classes());
    if (!info.inputs.empty()) asset.facts["inputs"] = describe(info.inputs);
    if (!info.outputs.empty()) asset.facts["outputs"] = describe(info.outputs);
    std::string operators;
    for (const auto& [name, count] : info.operators)
        operators += fmt::format("{}{} {}", operators.empty() ? "" : ", ", count, name);
    asset.facts["operators"] = operators;
    return asset;
}

Asset data_asset(const Subject& subject) {
    Asset asset{.kind = "data set", .path = subject.info.path, .sha256 = {}, .facts = {}};
    asset.facts["format"] = subject.info.format;
    asset.facts["items used"] = fmt::format("{} of {}", subject.batch.ids.size(), subject.info.items);
    asset.facts["item shape"] = to_string(subject.info.item_shape);
    return asset;
}


/// Runs one probe; whatever happens becomes its record.
ProbeRecord run_probe(const PlannedProbe& planned, const Subject& subject, Notebook& notebook, RunContext& ctx) {
    ProbeRecord record{.name = std::string(planned.spec->name), .title = std::string(planned.spec->title), .reason = {}, .findings = {}};
    record.expected_seconds = planned.expected_seconds;
    const auto probe = make_probe(*planned.spec, planned.params);
    if (!probe.ok()) {
        record.status = ProbeStatus::failed;
        record.reason = probe.error().line();
        return record;
    }
    if (const auto obstacle = (*probe)->obstacle(subject)) {
        record.status = ProbeStatus::skipped;
        record.reason = *obstacle;
        return record;
    }
    auto findings = (*probe)->run(subject, notebook, ctx);
    if (findings.ok()) {
        record.findings = std::move(findings).value();
        for (Finding& finding : record.findings) finding.seed = ctx.seed();
        std::ranges::stable_sort(record.findings, std::ranges::greater{}, &Finding::severity);
        return record;
    }
    record.status = findings.error().code() == Errc::cancelled ? ProbeStatus::incomplete : ProbeStatus::failed;
    record.reason = findings.error().line();
    return record;
}

}  // namespace

Result<Report> run_audit(const Subject& subject, const Plan& plan, const Origin& origin, RunContext& ctx) {
    const auto begin = ctx.now();
    Report report;
    report.tool_version = kVersion;
    report.command = origin.command;
    report.started = origin.started;
    report.seed = ctx.seed();
    report.asset = BARTIZAN_TRY(model_asset(subject));
    report.data = data_asset(subject);
    Notebook notebook;
    for (const PlannedProbe& planned : plan.probes) {
        const auto probe_begin = ctx.now();
        if (ctx.stop_requested()) {
            report.probes.push_back({.name = std::string(planned.spec->name), .title = std::string(planned.spec->title),
                                     .status = ProbeStatus::incomplete, .reason = "the audit was stopped before it", .findings = {}});
            continue;
        }
        ctx.progress({.stage = planned.spec->title, .unit = "steps"});
        report.probes.push_back(run_probe(planned, subject, notebook, ctx));
        ctx.progress_finish();
        report.probes.back().seconds = seconds_between(probe_begin, ctx.now());
    }
    report.complete = std::ranges::none_of(
        report.probes, [](const ProbeRecord& probe) { return probe.status == ProbeStatus::incomplete; });
    report.seconds = seconds_between(begin, ctx.now());
    return report;
}

}  // namespace bartizan::audit

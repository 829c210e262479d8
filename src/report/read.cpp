#include "report/read.h"

#include <limits>

#include "core/file.h"
#include "core/json.h"

namespace bartizan::report {
namespace {

constexpr std::uint64_t kMaxReportBytes = std::uint64_t{64} << 20;

/// The first thing that was wrong; reading goes on with empty values, so the code below reads straight down.
using Fault = std::optional<Error>;

/// A value in the document, and where it stands. A value that is not there is null.
class Field {
public:
    Field(const Json& value, std::string place, Fault& fault)
        : value_(&value), place_(std::move(place)), fault_(&fault) {}

    Field operator[](const char* name) const {
        static const Json kNothing;
        const std::string place = place_.empty() ? name : place_ + "." + name;
        if (!value_->is_object()) {
            if (!value_->is_null()) wrong("an object is needed");
            return {kNothing, place, *fault_};
        }
        const auto found = value_->find(name);
        return {found == value_->end() ? kNothing : *found, place, *fault_};
    }
    bool given() const { return !value_->is_null(); }

    std::string text() const {
        if (value_->is_string()) return value_->get<std::string>();
        if (given()) wrong("text is needed");
        return {};
    }
    double number() const {
        if (value_->is_number()) return value_->get<double>();
        if (given()) wrong("a number is needed");
        return std::numeric_limits<double>::quiet_NaN();
    }
    std::optional<double> optional_number() const { return given() ? std::optional(number()) : std::nullopt; }
    std::int64_t integer() const {
        if (value_->is_number_unsigned() && value_->get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max())
            return value_->get<std::int64_t>();
        if (value_->is_number_integer() && !value_->is_number_unsigned()) return value_->get<std::int64_t>();
        if (given()) wrong("a whole number is needed");
        return 0;
    }
    bool flag(bool preset) const {
        if (value_->is_boolean()) return value_->get<bool>();
        if (given()) wrong("true or false is needed");
        return preset;
    }
    /// What `read` makes of each element.
    template <class Read>
    auto list(Read read) const {
        std::vector<decltype(read(*this))> out;
        if (!value_->is_array()) {
            if (given()) wrong("a list is needed");
            return out;
        }
        for (std::size_t i = 0; i < value_->size(); ++i)
            out.push_back(read(Field((*value_)[i], place_ + "[" + std::to_string(i) + "]", *fault_)));
        return out;
    }
    /// Calls `visit(name, field)` for each member.
    template <class Visit>
    void members(Visit visit) const {
        if (!value_->is_object()) return;
        for (const auto& [name, value] : value_->items()) visit(name, Field(value, place_ + "." + name, *fault_));
    }
    void wrong(const std::string& what) const {
        if (!*fault_) *fault_ = invalid_input(place_ + ": " + what, "is this a report.json of bartizan audit?");
    }

private:
    const Json* value_;
    std::string place_;
    Fault* fault_;
};

std::string read_text(const Field& field) { return field.text(); }

Severity read_severity(const Field& field) {
    const auto severity = severity_from(field.text());
    if (!severity) field.wrong("not a severity");
    return severity.value_or(Severity::info);
}

ProbeStatus read_status(const Field& field) {
    for (const auto status : {ProbeStatus::passed, ProbeStatus::failed, ProbeStatus::skipped, ProbeStatus::incomplete})
        if (field.text() == to_string(status)) return status;
    field.wrong("not a status");
    return ProbeStatus::failed;
}

Measurement read_measurement(const Field& field) {
    Measurement measurement;
    measurement.name = field["name"].text();
    measurement.value = field["value"].number();
    measurement.unit = field["unit"].text();
    measurement.low = field["low"].optional_number();
    measurement.high = field["high"].optional_number();
    if (field["samples"].given()) measurement.samples = field["samples"].integer();
    measurement.note = field["note"].text();
    return measurement;
}

Curve read_curve(const Field& field) {
    Curve curve;
    curve.title = field["title"].text();
    curve.x_label = field["x_label"].text();
    curve.y_label = field["y_label"].text();
    curve.y_is_fraction = field["y_is_fraction"].flag(true);
    curve.series = field["series"].list([](const Field& series) {
        return Series{series["name"].text(), series["points"].list([](const Field& point) {
                          return CurvePoint{point["x"].number(), point["y"].number(), point["low"].optional_number(),
                                            point["high"].optional_number()};
                      })};
    });
    return curve;
}

Table read_table(const Field& field) {
    return {field["title"].text(), field["header"].list(read_text),
            field["rows"].list([](const Field& row) { return row.list(read_text); })};
}

PictureRow read_pictures(const Field& field) {
    return {field["title"].text(), field["pictures"].list([](const Field& picture) {
                return Picture{.caption = picture["caption"].text(),
                               .png = {},
                               .width = picture["width"].integer(),
                               .height = picture["height"].integer(),
                               .path = picture["path"].text()};
            })};
}

Finding read_finding(const Field& field) {
    Finding finding;
    finding.rule = field["rule"].text();
    finding.severity = read_severity(field["severity"]);
    finding.title = field["title"].text();
    finding.asset = field["asset"].text();
    finding.explanation = field["explanation"].text();
    finding.remediation = field["remediation"].text();
    finding.seed = static_cast<std::uint64_t>(field["seed"].integer());
    finding.evidence = field["evidence"].list(read_measurement);
    finding.maps = field["maps"].list([](const Field& map) {
        return Mapping{.scheme = map["scheme"].text(), .id = map["id"].text(), .version = map["version"].text()};
    });
    finding.curves = field["curves"].list(read_curve);
    finding.tables = field["tables"].list(read_table);
    finding.pictures = field["pictures"].list(read_pictures);
    return finding;
}

Asset read_asset(const Field& field) {
    Asset asset{
        .kind = field["kind"].text(), .path = field["path"].text(), .sha256 = field["sha256"].text(), .facts = {}};
    field["facts"].members([&](const std::string& name, const Field& fact) { asset.facts[name] = fact.text(); });
    return asset;
}

std::vector<ProbeRecord> read_probes(const Field& root) {
    auto probes = root["probes"].list([](const Field& field) {
        ProbeRecord probe;
        probe.name = field["name"].text();
        probe.title = field["title"].text();
        probe.status = read_status(field["status"]);
        probe.seconds = field["seconds"].number();
        probe.reason = field["reason"].text();
        probe.expected_seconds = field["expected_seconds"].optional_number();
        return probe;
    });
    root["findings"].list([&](const Field& field) {
        Finding finding = read_finding(field);
        for (ProbeRecord& probe : probes) {
            if (probe.name != field["probe"].text()) continue;
            probe.findings.push_back(std::move(finding));
            return true;
        }
        field["probe"].wrong("no probe of this name");
        return false;
    });
    return probes;
}

Report read_root(const Field& root) {
    Report report;
    if (root["schema"].text() != "bartizan.audit/1") root["schema"].wrong("not bartizan.audit/1");
    report.tool_version = root["tool"]["version"].text();
    report.command = root["command"].text();
    report.started = root["started"].text();
    report.seconds = root["seconds"].number();
    report.seed = static_cast<std::uint64_t>(root["seed"].integer());
    report.complete = root["complete"].flag(true);
    report.asset = read_asset(root["asset"]);
    if (root["data"].given()) report.data = read_asset(root["data"]);
    report.probes = read_probes(root);
    return report;
}

}  // namespace

Result<Report> parse_report(std::string_view json) {
    const Json document = BARTIZAN_TRY(parse_json(json, {.bytes = kMaxReportBytes}));
    if (!document.is_object()) return invalid_input("not a report: a JSON object is needed");
    Fault fault;
    Report report = read_root(Field(document, "", fault));
    if (fault) return *std::move(fault);
    return report;
}

Result<Report> read_report(const std::filesystem::path& path) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(path, ignored);
    const std::filesystem::path file = folder ? path / "report.json" : path;
    const std::string text = BARTIZAN_TRY(read_file(file, kMaxReportBytes));
    return parse_report(text).within("report '" + file.string() + "'");
}

}  // namespace bartizan::report

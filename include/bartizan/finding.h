#pragma once
/// What a probe found, as data. `report` is the one place where it becomes text, JSON, SARIF, JUnit or HTML.
/// Thread rule: plain values.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bartizan {

enum class Severity : std::uint8_t { info, low, medium, high, critical };
std::string_view to_string(Severity severity);
/// "info" ... "critical"; nothing for any other text.
std::optional<Severity> severity_from(std::string_view text);

/// One number of evidence, with all that is needed to judge it.
struct Measurement {
    std::string name;  ///< snake_case, stable: "robust_accuracy"
    double value = 0;
    std::string unit;  ///< "", "fraction", "queries", "s", "input units"
    std::optional<double> low, high;  ///< 95 % interval
    std::optional<std::int64_t> samples;
    std::string note;  ///< how it was measured, in a few words
};

/// A taxonomy entry: scheme "MITRE ATLAS", id "AML.T0043", version "5.6.0". Ids change their meaning between
/// releases of a scheme, so the version belongs to the id. report/rules.h has the mappings of every rule.
struct Mapping {
    std::string scheme;
    std::string id;
    std::string version = {};  ///< empty: the release in report/taxonomy.h
};

struct CurvePoint {
    double x = 0;
    double y = 0;
    std::optional<double> low, high;
};
struct Series {
    std::string name;
    std::vector<CurvePoint> points;
};
/// A plot with named axes.
struct Curve {
    std::string title, x_label, y_label;
    std::vector<Series> series;
    bool y_is_fraction = true;  ///< draw [0, 1] as 0 to 100 %
};

/// A row of pictures that belong together: before, after, difference.
struct Picture {
    std::string caption;
    std::string png;  ///< file content
    std::int64_t width = 0, height = 0;  ///< in pixels
    std::string path = {};               ///< where it was written, relative to the report; empty: nowhere
};
struct PictureRow {
    std::string title;  ///< "image 17: 'ankle boot' read as 'sandal'"
    std::vector<Picture> pictures;
};

struct Table {
    std::string title;
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;
};

struct Finding {
    std::string rule;  ///< stable: "BTZ-EVA-001"
    Severity severity = Severity::info;
    std::string title;        ///< one sentence
    std::string asset;        ///< the model or data set it is about
    std::string explanation;  ///< what it means, in plain words
    std::string remediation;  ///< what to do about it
    std::vector<Measurement> evidence;
    std::uint64_t seed = 0;
    std::vector<Mapping> maps;
    std::vector<Curve> curves;
    std::vector<PictureRow> pictures;
    std::vector<Table> tables;
};

enum class ProbeStatus : std::uint8_t { passed, failed, skipped, incomplete };
/// passed: ran to its end (its findings say how the model did); failed: could not be carried out;
/// skipped: what it needs was not given; incomplete: stopped before its end.
std::string_view to_string(ProbeStatus status);

struct ProbeRecord {
    std::string name;   ///< "evasion-whitebox"
    std::string title;  ///< "White-box evasion"
    ProbeStatus status = ProbeStatus::passed;
    double seconds = 0;
    std::string reason;  ///< why it failed or was skipped
    std::optional<double> expected_seconds = {};  ///< said before it began: at most about
    std::vector<Finding> findings;
};

/// What was examined.
struct Asset {
    std::string kind;  ///< "model", "data set"
    std::string path;
    std::string sha256;
    std::map<std::string, std::string> facts;  ///< format, parameters, operators, input, output
};

/// The result of one audit.
struct Report {
    std::string tool_version;
    std::string command;  ///< the command line that made it
    std::string started;  ///< ISO 8601, UTC
    double seconds = 0;
    std::uint64_t seed = 0;
    Asset asset;
    std::optional<Asset> data;
    bool complete = true;  ///< false: it was stopped early
    std::vector<ProbeRecord> probes;
};

}  // namespace bartizan

#include "report/sample_testing.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/random.h"
#include "core/statistics.h"
#include "report/rules.h"

namespace bartizan::report::testing {
namespace {

constexpr int kSide = 28;
constexpr double kEps = 0.1;
using Image = std::array<float, kSide * kSide>;  // grey, [0, 1]

void put32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

std::uint32_t crc32(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
}

void put_chunk(std::string& out, std::string_view type, std::string_view data) {
    put32(out, static_cast<std::uint32_t>(data.size()));
    std::string body(type);
    body += data;
    out += body;
    put32(out, crc32(body));
}

/// A grey PNG with one stored (uncompressed) deflate block: small enough for pictures of this size.
std::string grey_png(const Image& image) {
    std::string rows;
    for (int y = 0; y < kSide; ++y) {
        rows += '\0';
        for (int x = 0; x < kSide; ++x)
            rows += static_cast<char>(
                std::lround(std::clamp(image[static_cast<std::size_t>(y * kSide + x)], 0.F, 1.F) * 255));
    }
    std::uint32_t a = 1, b = 0;
    for (const char byte : rows) {
        a = (a + static_cast<unsigned char>(byte)) % 65521;
        b = (b + a) % 65521;
    }
    const auto size = static_cast<std::uint16_t>(rows.size());
    std::string stream = "\x78\x01\x01";
    for (const std::uint16_t half : {size, static_cast<std::uint16_t>(~size)}) {
        stream += static_cast<char>(half & 0xFF);
        stream += static_cast<char>(half >> 8);
    }
    stream += rows;
    put32(stream, b << 16 | a);
    std::string header;
    put32(header, kSide);
    put32(header, kSide);
    header += std::string("\x08\0\0\0\0", 5);
    std::string png = "\x89PNG\r\n\x1a\n";
    put_chunk(png, "IHDR", header);
    put_chunk(png, "IDAT", stream);
    put_chunk(png, "IEND", "");
    return png;
}

/// Something like a boot: a shaft, a foot and a heel with a little texture.
Image boot(std::uint64_t which) {
    Image image{};
    Random random(7, which);
    const int shaft = 9 + static_cast<int>(random.below(3));
    for (int y = 3; y < 25; ++y) {
        for (int x = 4; x < 25; ++x) {
            const bool in_shaft = y < 16 && x < 4 + shaft;
            const bool in_foot = y >= 14 && y < 22 && x < 12 + (y - 12) * 2;
            const bool in_sole = y >= 22 && (x < 9 || x > 12);
            if (in_shaft || in_foot || in_sole)
                image[static_cast<std::size_t>(y * kSide + x)] =
                    0.5F + 0.3F * random.uniform() + (in_sole ? 0.15F : 0.F);
        }
    }
    return image;
}

Picture picture(std::string caption, const Image& image) {
    return {std::move(caption), grey_png(image), kSide, kSide, {}};
}

PictureRow picture_row(std::uint64_t which, std::string was, std::string read) {
    const Image before = boot(which);
    Image after{}, difference{};
    Random random(8, which);
    for (std::size_t i = 0; i < before.size(); ++i) {
        after[i] = std::clamp(before[i] + static_cast<float>(kEps) * random.sign(), 0.F, 1.F);
        difference[i] = 0.5F + (after[i] - before[i]) / static_cast<float>(2 * kEps);
    }
    return {"Image " + std::to_string(which) + ": “" + was + "” read as “" + read + "”",
            {picture("before: " + was + ", 98 %", before), picture("after: " + read + ", 99 %", after),
             picture("difference, stretched", difference)}};
}

Measurement share(std::string name, std::int64_t hits, std::int64_t trials, std::string note) {
    const Interval interval = wilson_interval(hits, trials);
    return {.name = std::move(name),
            .value = static_cast<double>(hits) / static_cast<double>(trials),
            .unit = "fraction",
            .low = interval.low,
            .high = interval.high,
            .samples = trials,
            .note = std::move(note)};
}

Measurement number(std::string name, double value, std::string unit, std::int64_t samples, std::string note) {
    return {.name = std::move(name),
            .value = value,
            .unit = std::move(unit),
            .low = {},
            .high = {},
            .samples = samples,
            .note = std::move(note)};
}

/// Accuracy that falls from `clean` as exp(-(x / scale)^2), with Wilson bands over 1,000 samples.
Series falling(std::string name, double clean, double scale, bool band) {
    Series series{std::move(name), {}};
    for (int step = 0; step <= 8; ++step) {
        const double x = 0.025 * step;
        const double y = clean * std::exp(-(x / scale) * (x / scale));
        CurvePoint point{x, y, {}, {}};
        if (band) {
            const Interval interval = wilson_interval(std::lround(y * 1000), 1000);
            point.low = interval.low;
            point.high = interval.high;
        }
        series.points.push_back(point);
    }
    return series;
}

Finding quality(std::int64_t right) {
    Finding finding =
        finding_for(rule::kCleanAccuracy, Severity::info, "The model is right on 91 % of untouched inputs.");
    finding.explanation =
        "Nine of ten test images are recognised. Shirts are the weakest class: they are taken for T-shirts.";
    finding.evidence = {share("accuracy", right, 1000, "1,000 test images, stratified"),
                        number("expected_calibration_error", 0.031, "fraction", 1000, "15 equal bins")};
    finding.tables = {{"Accuracy per class",
                       {"class", "samples", "right", "accuracy", "95 % interval"},
                       {{"T-shirt/top", "100", "86", "86.0 %", "77.9 – 91.5 %"},
                        {"trouser", "100", "98", "98.0 %", "93.0 – 99.4 %"},
                        {"pullover", "100", "87", "87.0 %", "79.0 – 92.2 %"},
                        {"shirt", "100", "72", "72.0 %", "62.5 – 79.9 %"},
                        {"ankle boot", "100", "96", "96.0 %", "90.2 – 98.4 %"}}}};
    return finding;
}

Finding calibration() {
    Finding finding = finding_for(rule::kCalibration, Severity::low, "The model is a little too sure of itself.");
    finding.explanation = "When it says 95 %, it is right in about 90 % of cases.";
    finding.evidence = {number("expected_calibration_error", 0.062, "fraction", 1000, "15 equal bins")};
    finding.curves = {
        {"Reliability",
         "confidence",
         "accuracy",
         {{"model", {{0.35, 0.31, {}, {}}, {0.55, 0.46, {}, {}}, {0.75, 0.66, {}, {}}, {0.95, 0.90, {}, {}}}},
          {"ideal", {{0, 0, {}, {}}, {1, 1, {}, {}}}}},
         true}};
    return finding;
}

Finding white_box(bool hardened) {
    Finding finding =
        finding_for(rule::kWhiteBoxEvasion, hardened ? Severity::medium : Severity::critical,
                    hardened ? "An attacker who has the model fools it on 38 % of the inputs it reads correctly."
                             : "An attacker who has the model fools it on 99 % of the inputs it reads correctly.");
    finding.explanation =
        "A change of at most 0.1 per pixel, hardly visible, is enough to make the model say something else.";
    const std::int64_t robust = hardened ? 553 : 9;
    finding.evidence = {share("robust_accuracy", robust, 1000, "apgd-ce, apgd-t; linf 0.1; 100 steps"),
                        share("clean_accuracy", hardened ? 889 : 912, 1000, "the same images, untouched"),
                        number("gradients_mean", hardened ? 812 : 23.4, "gradients", 1000, "until the first success")};
    finding.curves = {{"Accuracy under attack",
                       "perturbation size eps (linf)",
                       "accuracy",
                       {falling("white-box (APGD)", hardened ? 0.889 : 0.912, hardened ? 0.145 : 0.047, true),
                        falling("random noise", hardened ? 0.889 : 0.912, 0.6, false)},
                       true}};
    finding.pictures = {picture_row(17, "ankle boot", "sandal"), picture_row(23, "ankle boot", "bag")};
    return finding;
}

Finding black_box(bool hardened) {
    Finding finding = finding_for(rule::kBlackBoxEvasion, hardened ? Severity::low : Severity::high,
                                  hardened ? "Without the model, 1,000 queries fool it on 24 % of inputs."
                                           : "Without the model, a median of 112 queries fools it.");
    finding.explanation = "The attacker needs nothing but the scores that the service returns.";
    finding.evidence = {
        share("robust_accuracy", hardened ? 86 : 12, 128, "square; linf 0.1; 1,000 queries"),
        number("queries_median", hardened ? 640 : 112, "queries", 128, "over the inputs that were fooled")};
    return finding;
}

Finding corruption() {
    Finding finding =
        finding_for(rule::kCorruption, Severity::medium, "Strong blur costs 31 percentage points of accuracy.");
    finding.explanation = "A lens slightly out of focus is enough to make the model wrong on four images of ten.";
    finding.evidence = {share("worst_accuracy", 602, 1000, "blur, strength 5")};
    finding.curves = {{"Accuracy under everyday corruption",
                       "strength",
                       "accuracy",
                       {{"noise",
                         {{0, .912, {}, {}},
                          {1, .905, {}, {}},
                          {2, .89, {}, {}},
                          {3, .861, {}, {}},
                          {4, .82, {}, {}},
                          {5, .771, {}, {}}}},
                        {"blur",
                         {{0, .912, {}, {}},
                          {1, .88, {}, {}},
                          {2, .83, {}, {}},
                          {3, .76, {}, {}},
                          {4, .68, {}, {}},
                          {5, .602, {}, {}}}},
                        {"brightness",
                         {{0, .912, {}, {}},
                          {1, .911, {}, {}},
                          {2, .9, {}, {}},
                          {3, .88, {}, {}},
                          {4, .85, {}, {}},
                          {5, .81, {}, {}}}}},
                       true}};
    return finding;
}

Finding unreliable() {
    Finding finding = finding_for(rule::kMoreEffortHelps, Severity::medium,
                                  "Evaluation unreliable: twice the steps still lower robust accuracy by 2 points.");
    finding.explanation =
        "The attack had not found all it can find, so the robust accuracy above is a little too good.";
    finding.evidence = {number("accuracy_drop", 0.021, "fraction", 64, "40 against 20 steps")};
    return finding;
}

ProbeRecord probe(std::string name, std::string title, double seconds, std::vector<Finding> findings) {
    return {.name = std::move(name),
            .title = std::move(title),
            .status = ProbeStatus::passed,
            .seconds = seconds,
            .reason = {},
            .findings = std::move(findings)};
}

Report base(std::string path, std::string digest) {
    Report report;
    report.tool_version = "0.1.0";
    report.command = "bartizan audit " + path + " --data fashion-mnist:test --sample 1000 --eps 0.1 --out audit";
    report.started = "2026-02-03T10:15:00Z";
    report.seconds = 84.2;
    report.asset = {.kind = "model",
                    .path = std::move(path),
                    .sha256 = std::move(digest),
                    .facts = {{"format", "ONNX, opset 13"},
                              {"input", "float32 [n, 1, 28, 28]"},
                              {"output", "float32 [n, 10]"},
                              {"parameters", "421,642"},
                              {"operators", "Conv, Flatten, Gemm, MaxPool, Relu"}}};
    report.data = Asset{.kind = "data set",
                        .path = "fashion-mnist:test",
                        .sha256 = std::string(64, 'd'),
                        .facts = {{"samples", "1,000 of 10,000"}, {"classes", "10"}}};
    return report;
}

void spoil(std::string& text) { text += "<script>alert('1')</script>&\"]]>\x01\xff\x1b[31m https://evil.example/x"; }

void spoil(Finding& finding) {
    for (std::string* text : {&finding.title, &finding.asset, &finding.explanation, &finding.remediation}) spoil(*text);
    for (Measurement& m : finding.evidence)
        for (std::string* text : {&m.name, &m.unit, &m.note}) spoil(*text);
    for (Mapping& map : finding.maps)
        for (std::string* text : {&map.scheme, &map.id, &map.version}) spoil(*text);
    for (Curve& curve : finding.curves) {
        for (std::string* text : {&curve.title, &curve.x_label, &curve.y_label}) spoil(*text);
        for (Series& series : curve.series) spoil(series.name);
    }
    for (PictureRow& row : finding.pictures) {
        spoil(row.title);
        for (Picture& each : row.pictures) spoil(each.caption);
    }
    for (Table& table : finding.tables) {
        spoil(table.title);
        for (std::string& cell : table.header) spoil(cell);
        for (auto& row : table.rows)
            for (std::string& cell : row) spoil(cell);
    }
}

}  // namespace

Report sample_report() {
    Report report = base("models/fashion-cnn.onnx", std::string(32, '3') + std::string(32, 'a'));
    report.probes = {probe("quality", "Clean quality", 0.8, {quality(912), calibration()}),
                     probe("evasion-whitebox", "White-box evasion", 41.5, {white_box(false)}),
                     probe("evasion-blackbox", "Black-box evasion", 20.3, {black_box(false)}),
                     {.name = "minimal-perturbation",
                      .title = "Smallest perturbations",
                      .status = ProbeStatus::failed,
                      .seconds = 3.1,
                      .reason = "step 12 of FAB: the gradient is not a number for input 41",
                      .findings = {}},
                     probe("corruption", "Everyday corruption", 9.9, {corruption()}),
                     probe("reliability", "Can this evaluation be trusted?", 8.6, {unreliable()}),
                     {.name = "membership",
                      .title = "Membership inference",
                      .status = ProbeStatus::skipped,
                      .seconds = 0,
                      .reason = "no training data was given (--train-data)",
                      .findings = {}}};
    for (ProbeRecord& record : report.probes)
        for (Finding& finding : record.findings) finding.asset = report.asset.path;
    return report;
}

Report hardened_report() {
    Report report = base("models/fashion-cnn-adv.onnx", std::string(32, 'b') + std::string(32, '4'));
    report.seconds = 131.7;
    report.probes = {probe("quality", "Clean quality", 0.8, {quality(889)}),
                     probe("evasion-whitebox", "White-box evasion", 70.2, {white_box(true)}),
                     probe("evasion-blackbox", "Black-box evasion", 38.8, {black_box(true)}),
                     probe("corruption", "Everyday corruption", 10.1, {}),
                     probe("reliability", "Can this evaluation be trusted?", 8.9, {})};
    for (ProbeRecord& record : report.probes)
        for (Finding& finding : record.findings) finding.asset = report.asset.path;
    return report;
}

Report hostile_report() {
    Report report = sample_report();
    for (std::string* text : {&report.tool_version, &report.command, &report.started, &report.asset.path,
                              &report.asset.kind, &report.asset.sha256, &report.data->path})
        spoil(*text);
    std::map<std::string, std::string> facts;
    for (const auto& fact : report.asset.facts) {
        auto [name, value] = std::pair<std::string, std::string>(fact);
        spoil(name);
        spoil(value);
        facts[name] = value;
    }
    report.asset.facts = facts;
    for (ProbeRecord& record : report.probes) {
        for (std::string* text : {&record.name, &record.title, &record.reason}) spoil(*text);
        for (Finding& finding : record.findings) spoil(finding);
    }
    return report;
}

Report empty_report() { return {}; }

}  // namespace bartizan::report::testing

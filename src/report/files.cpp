#include "report/files.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/file.h"
#include "report/html.h"
#include "report/json.h"
#include "report/junit.h"
#include "report/sarif.h"

namespace bartizan::report {
namespace {

constexpr std::string_view kExamples = "examples";

/// A rule id as part of a file name: whatever it holds, it names a file in this folder.
std::string file_part(std::string_view rule) {
    std::string out(rule.substr(0, 32));
    std::ranges::replace_if(
        out, [](char c) { return !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'); }, '_');
    return out;
}

Result<void> write_pictures(const Report& report, const std::filesystem::path& folder) {
    bool folder_made = false;
    for (const ProbeRecord& probe : report.probes) {
        for (const Finding& finding : probe.findings) {
            for (const PictureRow& row : finding.pictures) {
                for (const Picture& picture : row.pictures) {
                    if (!folder_made) BARTIZAN_TRY(make_folder(folder / kExamples));
                    folder_made = true;
                    BARTIZAN_TRY(write_file_atomically(folder / picture.path, picture.png));
                }
            }
        }
    }
    return {};
}

}  // namespace

void name_pictures(Report& report) {
    std::map<std::string, std::size_t> rows;
    for (ProbeRecord& probe : report.probes) {
        for (Finding& finding : probe.findings) {
            for (PictureRow& row : finding.pictures) {
                const std::string rule = file_part(finding.rule);
                const std::size_t number = ++rows[rule];
                for (std::size_t i = 0; i < row.pictures.size(); ++i)
                    row.pictures[i].path = fmt::format("{}/{}-{}-{}.png", kExamples, rule, number, i + 1);
            }
        }
    }
}

Result<std::vector<std::string>> write_report_files(Report report, const std::filesystem::path& folder,
                                                    std::optional<Severity> gate) {
    name_pictures(report);
    BARTIZAN_TRY(make_folder(folder));
    BARTIZAN_TRY(write_pictures(report, folder));
    const std::pair<const char*, std::string> files[] = {{"junit.xml", report_junit(report, gate)},
                                                         {"report.sarif", to_text(report_sarif(report))},
                                                         {"report.json", to_text(report_json(report))},
                                                         {"report.html", report_html(report)}};
    std::vector<std::string> written;
    for (const auto& [name, content] : files) {
        BARTIZAN_TRY(write_file_atomically(folder / name, content));
        written.insert(written.begin(), (folder / name).string());
    }
    return written;
}

}  // namespace bartizan::report

#include "cli/output.h"

#include <cstdio>

#include <fmt/format.h>

#include "core/file.h"

namespace bartizan::cli {

Json document(const Invocation& invocation) {
    Json document;
    document["schema"] = fmt::format("bartizan.{}/1", invocation.command->name);
    return document;
}

Result<void> print(std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0)
        return exhausted("cannot write to standard output", "is the disk full, or the pipe closed?");
    return {};
}

Result<void> print(const Invocation& invocation, const Json& document, std::string_view text) {
    return invocation.text("format") == "json" ? print(to_text(document)) : print(text);
}

Result<void> check_writable_file(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        return invalid_input("'" + path.string() + "' is a folder, a file name is needed");
    const std::filesystem::path trial = path.string() + ".trial";
    auto written = write_file_atomically(trial, std::string_view());
    if (!written.ok())
        return Error(written.error().code(), "cannot write '" + path.string() + "'", written.error().hint());
    std::filesystem::remove(trial, ignored);
    return {};
}

Result<void> check_writable_folder(const std::filesystem::path& path) {
    BARTIZAN_TRY(make_folder(path));
    auto written = check_writable_file(path / ".bartizan");
    if (!written.ok())
        return Error(written.error().code(), "cannot write into folder '" + path.string() + "'",
                     written.error().hint());
    return {};
}

int report_error(const Error& error) {
    std::fprintf(stderr, "bartizan: %s\n", error.line().c_str());
    return exit_status(error.code());
}

}  // namespace bartizan::cli

#include "cli/output.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "core/file.h"

namespace bartizan::cli {

Json document(const Invocation& invocation) {
    Json document;
    std::string name(invocation.command->name);  // "data check" has the schema bartizan.data-check/1
    std::ranges::replace(name, ' ', '-');
    document["schema"] = fmt::format("bartizan.{}/1", name);
    return document;
}

Result<void> print(std::string_view text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0)
        return exhausted("cannot write to standard output", "is the disk full, or the pipe closed?");
    return {};
}

Result<void> keep(const Invocation& invocation, const Json& document) {
    if (!invocation.has("record")) return {};
    return write_file_atomically(invocation.text("record"), to_text(document)).within("--record");
}

Result<void> print(const Invocation& invocation, const Json& document, std::string_view text) {
    BARTIZAN_TRY(keep(invocation, document));
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

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        // U+0080 to U+009F, the other set of control characters, are C2 80 to C2 9F in UTF-8.
        const bool high_control = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (byte >= 0x20 && byte != 0x7f && !high_control)
            out += text[i];
        else
            out += fmt::format("\\x{:02x}", byte);
    }
    return out;
}

int report_error(const Error& error) {
    std::fprintf(stderr, "bartizan: %s\n", error.line().c_str());
    return exit_status(error.code());
}

}  // namespace bartizan::cli

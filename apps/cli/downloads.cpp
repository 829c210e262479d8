#include "apps/cli/downloads.h"

#include <cstdlib>
#include <system_error>

#include "core/file.h"
#include "http/client.h"

namespace bartizan::program {
namespace {

/// A name that is a plain file in one folder; what the address says, as far as it is harmless.
std::string plain_name(const http::Url& url) {
    std::string name;
    for (const char c : url.file_name().substr(0, 128)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '-' || c == '_';
        name += plain ? c : '_';
    }
    return name.find_first_not_of('.') == std::string::npos ? "download" : name;
}

}  // namespace

bool is_address(const std::string& target) { return target.starts_with("https://") || target.starts_with("http://"); }

Downloads::~Downloads() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<std::filesystem::path> Downloads::fetch(const std::string& address, const std::string& ca_file,
                                               std::uint64_t most_bytes, const RunContext& run) {
    const http::Url url = BARTIZAN_TRY(http::parse_url(address));
    if (!url.secure) return invalid_input("'" + address + "' is not encrypted", "use its https:// address");
    if (folder_.empty()) {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-fetch-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) return system_failure(errno, "cannot make a folder at", name);
        folder_ = name;
    }
    const std::filesystem::path folder = folder_ / std::to_string(entries_.size());
    BARTIZAN_TRY(make_folder(folder));
    const std::filesystem::path file = folder / plain_name(url);
    std::uint64_t got = 0;
    int status = 0;
    BARTIZAN_TRY(write_pieces_atomically(file, [&](const AppendBytes& append) -> Result<void> {
        const auto sink = [&](std::span<const std::byte> piece) -> Result<void> {
            got += piece.size();
            run.progress({.stage = "fetching", .done = got >> 20, .total = 0, .unit = "MiB"});
            BARTIZAN_TRY(run.checkpoint());
            return append(piece);
        };
        const auto response =
            BARTIZAN_TRY(http::exchange({.url = url}, {.ca_file = ca_file, .most_bytes = most_bytes}, sink));
        status = response.status;
        if (status == 200) return {};
        return Error(Errc::unavailable, "'" + address + "' answers with status " + std::to_string(status));
    }));
    run.progress_finish();
    entries_.push_back({file.string(), address});
    return file;
}

std::string Downloads::address_of(const std::string& file) const {
    for (const Entry& entry : entries_)
        if (entry.file == file) return entry.address;
    return file;
}

}  // namespace bartizan::program

#include "gateway/console.h"

#include <algorithm>

#include "core/file.h"
#include "crypto/hash.h"

namespace bartizan::gateway {
namespace console {
namespace {

constexpr std::string_view kStartPage = "index.html";
constexpr std::string_view kHashed = "assets/";  ///< Vite puts the hash of a file into its name there

struct Kind {
    std::string_view ending, type;
};
constexpr Kind kKinds[] = {
    {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},   {".svg", "image/svg+xml"},
    {".png", "image/png"},                 {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},              {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
};

constexpr std::string_view kNotBuilt =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
    "content=\"width=device-width\"><title>Bartizan</title></head>\n<body>\n<h1>Bartizan is running, without its "
    "console</h1>\n<p>The console was not built, because <code>npm</code> or its registry was not there when Bartizan "
    "was. To build it, in Bartizan's source folder:</p>\n<pre>scripts/install-deps build\nmake build</pre>\n<p>Then "
    "start <code>bartizan serve</code> again. Where the console lies elsewhere, name its folder with the configuration "
    "key <code>console</code>.</p>\n<p>The API under <code>/v1</code> and the command line do all that the console "
    "does: <code>bartizan --help</code>.</p>\n</body></html>\n";

std::string tag_of(const std::string& body) {
    return '"' + crypto::to_hex(crypto::sha256(std::as_bytes(std::span(body)))).substr(0, 32) + '"';
}

ConsoleFile file_of(std::string_view type, std::string body, bool immutable) {
    std::string tag = tag_of(body);
    return {type, std::move(body), std::move(tag), immutable};
}

/// Empty: of no kind that is handed out.
std::string_view type_of(std::string_view name) {
    const auto found = std::ranges::find_if(kKinds, [&](const Kind& kind) { return name.ends_with(kind.ending); });
    return found == std::end(kKinds) ? std::string_view() : found->type;
}

std::string joined(std::span<const std::string> parts) {
    std::string out;
    for (const std::string& part : parts) out += (out.empty() ? "" : "/") + part;
    return out;
}

}  // namespace
}  // namespace console

Console::Console() {
    files_.emplace(console::kStartPage,
                   console::file_of(console::type_of(console::kStartPage), std::string(console::kNotBuilt), false));
}

Result<Console> Console::load(const std::filesystem::path& folder) {
    Console out;
    out.files_.clear();
    out.built_ = true;
    std::uint64_t bytes = 0;
    std::error_code failed;
    for (std::filesystem::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
        if (!at->is_regular_file(failed) || at->is_symlink(failed)) continue;
        const std::string name = at->path().lexically_relative(folder).generic_string();
        const std::string_view type = console::type_of(name);
        if (type.empty()) continue;
        std::string body = BARTIZAN_TRY_WITHIN(read_file(at->path(), kMostBytes), "console");
        bytes += body.size();
        if (out.files_.size() >= kMostFiles || bytes > kMostBytes)
            return invalid_input("'" + folder.string() + "' has more than a console has: 1000 files, 32 MiB");
        out.files_.emplace(name, console::file_of(type, std::move(body), name.starts_with(console::kHashed)));
    }
    if (failed) return invalid_input("cannot read the console in '" + folder.string() + "': " + failed.message());
    if (!out.files_.contains(console::kStartPage))
        return invalid_input("'" + folder.string() + "' has no index.html",
                             "'console' names the folder that 'npm run build' made, or is off");
    return out;
}

const ConsoleFile* Console::find(std::span<const std::string> parts, std::string_view accept) const {
    const auto start = files_.find(console::kStartPage);
    if (parts.empty()) return &start->second;
    if (const auto found = files_.find(console::joined(parts)); found != files_.end()) return &found->second;
    const bool page = accept.find("text/html") != std::string_view::npos && parts[0] != "assets";
    return page ? &start->second : nullptr;
}

http::Reply Console::answer(const ConsoleFile& file, std::string_view if_none_match) const {
    const bool has_it = if_none_match.find(file.tag) != std::string_view::npos;
    http::Reply reply{.status = has_it ? 304 : 200, .content_type = file.type};
    if (!has_it) reply.body = file.body;
    reply.headers = {{"ETag", file.tag},
                     {"Cache-Control", file.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
                     {"Content-Security-Policy", std::string(kContentPolicy)},
                     {"X-Content-Type-Options", "nosniff"},
                     {"X-Frame-Options", "DENY"},
                     {"Referrer-Policy", "no-referrer"},
                     {"Cross-Origin-Opener-Policy", "same-origin"},
                     {"Cross-Origin-Resource-Policy", "same-origin"},
                     {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
    return reply;
}

}  // namespace bartizan::gateway

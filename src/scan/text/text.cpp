/// Text that is no JSON and no XML: YAML configurations, templates, scripts, tables, prose.
#include <algorithm>
#include <array>
#include <string>

#include "formats/bytes.h"
#include "scan/config/config_events.h"
#include "scan/hunt.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/text/template.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

using formats::as_text;

constexpr std::size_t kSniffed = 4'096;
/// Text is judged in pieces of this size, cut at line ends.
constexpr std::size_t kPiece = std::size_t{1} << 20;

bool is_one_of(std::string_view text, std::span<const std::string_view> list) {
    return std::ranges::find(list, text) != list.end();
}

/// Prose and source code quote what they talk about: nothing of it is a configuration.
bool is_prose(std::string_view extension) {
    constexpr std::string_view kProse[] = {".md",  ".rst",     ".markdown", ".html", ".htm",
                                           ".tex", ".license", ".csv",      ".tsv"};
    return is_one_of(extension, kProse);
}

bool is_source(std::string_view extension) {
    constexpr std::string_view kSource[] = {".py", ".sh", ".bash", ".ps1", ".bat", ".cmd", ".js",  ".vbs",
                                            ".rb", ".pl", ".lua",  ".r",   ".jl",  ".pyx", ".pth_"};
    return is_one_of(extension, kSource);
}

/// Constructors of PyYAML that call what the document names.
void judge_yaml_tags(std::string_view text, const Context& context, std::uint64_t offset) {
    for (const std::string_view mark : {"!!python/", "tag:yaml.org,2002:python/", "!python/", "!!ruby/", "!!javax."}) {
        const std::size_t at = text.find(mark);
        if (at == std::string_view::npos) continue;
        const std::string_view line = text.substr(at, std::min(text.find('\n', at), text.size()) - at);
        constexpr std::array kHarmless = {"tuple", "str",  "unicode", "int",  "long",    "float",
                                          "bool",  "none", "list",    "dict", "complex", "bytes"};
        const std::string_view kind = line.substr(std::min(mark.size(), line.size()));
        const bool harmless = std::ranges::any_of(
            kHarmless, [&](const char* name) { return kind == name || kind.starts_with(std::string(name) + " "); });
        if (!harmless)
            malicious(context, rule::kRunsCode, "a YAML tag that makes the loader call what it names", offset + at,
                      excerpt(line));
    }
}

/// "key: value" lines, as far as they need no YAML parser: each value is judged like one of JSON.
void judge_yaml_lines(std::string_view text, const Context& context, std::uint64_t offset) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, end - at);
        const std::size_t colon = line.find(": ");
        const std::size_t begin = std::min(line.find_first_not_of(" -"), line.size());
        if (colon != std::string_view::npos && begin < colon && line[begin] != '#') {
            std::string_view value = line.substr(colon + 2);
            while (!value.empty() && (value.back() == '\r' || value.back() == ' ')) value.remove_suffix(1);
            while (!value.empty() && (value.front() == ' ')) value.remove_prefix(1);
            const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'');
            if (quoted && value.back() == value.front()) value = value.substr(1, value.size() - 2);
            ConfigEvents events(context, offset + at);
            events.begin(true, 0);
            events.key(line.substr(begin, colon - begin), begin);
            if (value == "true" || value == "True" || value == "false")
                events.plain(value == "True" ? "true" : value, colon);
            else if (!looks_like_template(value) && value.size() > 3)
                events.string(value, colon + 2);
        }
        at = end + 1;
    }
}

void judge_piece(std::string_view text, std::string_view extension, const Context& context, std::uint64_t offset) {
    report_secrets(text, context, offset);
    if (is_prose(extension)) return;
    if (is_source(extension)) {
        if (const std::string_view command = command_in(text); !command.empty())
            unproven(context, rule::kUnprovenCode, "a script that runs commands", offset, excerpt(command));
        return;
    }
    judge_yaml_tags(text, context, offset);
    if (extension == ".yaml" || extension == ".yml" || extension == ".toml" || extension == ".ini" ||
        extension == ".cfg")
        judge_yaml_lines(text, context, offset);
    if (looks_like_template(text)) judge_template(text, context, offset);
}

}  // namespace

bool looks_like_text(Bytes content) {
    const std::string_view text = as_text(content.first(std::min(content.size(), kSniffed)));
    std::size_t odd = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte == 0) return false;
        odd += (byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b') || byte == 0x7f ? 1 : 0;
    }
    // The first half must not be binary in disguise: valid UTF-8 or Latin text has few control characters.
    std::size_t high = 0;
    for (const char c : text) high += (c & 0x80) != 0 ? 1 : 0;
    return odd * 100 <= text.size() && high * 10 <= text.size() * 9 && odd == 0;
}

void judge_text(Bytes content, Context& context) {
    const std::string_view text = as_text(content);
    const std::string extension = extension_of(name_of(context));
    if (context.depth == 0) {
        if (extension == ".yaml" || extension == ".yml")
            context.result.format = "yaml";
        else if (looks_like_template(text.substr(0, kSniffed)))
            context.result.format = "template";
    }
    if (is_source(extension))
        unproven(context, rule::kUnprovenCode, "a script lies beside the model: it is not judged what it does", 0,
                 excerpt(name_of(context)));
    for (std::size_t at = 0; at < text.size();) {
        std::size_t size = std::min(kPiece, text.size() - at);
        const std::size_t line = text.rfind('\n', at + size - 1);
        if (at + size < text.size() && line != std::string_view::npos && line > at) size = line + 1 - at;
        if (text.substr(at, size).find('\0') != std::string_view::npos) {
            Context inner = context;
            inner.base += at;
            unproven(context, rule::kHiddenData, "binary data behind text", at);
            hunt(content.subspan(at), inner);
            return;
        }
        judge_piece(text.substr(at, size), extension, context, at);
        give_back(context, content.subspan(at, size));
        at += size;
    }
}

}  // namespace bartizan::scan

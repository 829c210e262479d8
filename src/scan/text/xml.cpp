/// XML: OpenVINO, PMML and others. Entities that read files or unfold without end, libraries to be loaded, scripts.
#include <algorithm>
#include <string>
#include <vector>

#include "formats/bytes.h"
#include "scan/judges.h"
#include "scan/say.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

using formats::as_text;
constexpr std::size_t kSniffed = 1'024;
constexpr int kMaxEntities = 1'000;

/// XML is judged in pieces of this size that overlap by the longest tag.
constexpr std::size_t kPiece = std::size_t{8} << 20;
constexpr std::size_t kLongestTag = std::size_t{64} << 10;

std::string_view tag_at(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at, kLongestTag);
    return rest.substr(0, std::min(rest.find('>'), rest.size()));
}

/// The value of the attribute whose name ends at `at`; nothing if it is no attribute.
std::string_view value_at(std::string_view text, std::size_t at) {
    std::size_t next = text.find_first_not_of(" \t\r\n", at);
    if (next == std::string_view::npos || text[next] != '=') return {};
    next = text.find_first_not_of(" \t\r\n", next + 1);
    if (next == std::string_view::npos || (text[next] != '"' && text[next] != '\'')) return {};
    const std::string_view rest = text.substr(next + 1, kLongestTag);
    return rest.substr(0, std::min(rest.find(text[next]), rest.size()));
}

/// Calls `use(value, offset)` for every attribute of this name, in whatever tag it stands.
template <class Use>
void each_attribute(std::string_view text, std::string_view name, const Use& use) {
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + name.size())) {
        if (at == 0 || static_cast<unsigned char>(text[at - 1]) > ' ') continue;
        if (const std::string_view value = value_at(text, at + name.size()); !value.empty()) use(value, at);
    }
}

void judge_entities(std::string_view text, const Context& context) {
    int entities = 0, nested = 0;
    for (std::size_t at = text.find("<!ENTITY"); at != std::string_view::npos && entities < kMaxEntities;
         at = text.find("<!ENTITY", at + 1)) {
        ++entities;
        const std::string_view tag = tag_at(text, at);
        if (tag.find(" SYSTEM") != std::string_view::npos || tag.find(" PUBLIC") != std::string_view::npos)
            malicious(context, rule::kTouchesFiles, "an XML entity that reads a file or an address", at, excerpt(tag));
        nested += std::ranges::count(tag, '&') > 1 ? 1 : 0;
    }
    if (nested > 0)
        malicious(context, rule::kExhausts, "XML entities that unfold into one another", 0);
    else if (entities > 0)
        unproven(context, rule::kTwoReadings, "XML entities: readers differ in whether they unfold them", 0);
    const std::size_t type = text.find("<!DOCTYPE");
    if (type != std::string_view::npos && tag_at(text, type).find(" SYSTEM") != std::string_view::npos)
        malicious(context, rule::kTouchesFiles, "an XML document type that reads a file or an address", type);
}

void judge_tags(std::string_view text, const Context& context, bool openvino) {
    each_attribute(text, "library", [&](std::string_view library, std::size_t at) {
        malicious(context, rule::kRunsCode, "a layer that loads a library", at, excerpt(library));
    });
    bool said = !openvino;
    const auto foreign = [&](std::string_view value, std::size_t at) {
        if ((value != "extension" && value != "Custom") || std::exchange(said, true)) return;
        unproven(context, rule::kUnprovenCode, "a layer that an extension library must bring", at,
                 excerpt(tag_at(text, at)));
    };
    each_attribute(text, "version", foreign);
    each_attribute(text, "type", foreign);
    for (const std::string_view tag : {"<script", "<xsl:script", "<xi:include"})
        if (const std::size_t at = text.find(tag); at != std::string_view::npos)
            unproven(context, rule::kUnprovenCode, "a script or an inclusion in XML", at, excerpt(tag_at(text, at)));
}

void judge_piece(std::string_view text, const Context& context, bool openvino) {
    judge_entities(text, context);
    judge_tags(text, context, openvino);
    report_secrets(text, context, 0);
    if (const std::string_view command = command_in(text); !command.empty())
        unproven(context, rule::kUnprovenCode, "code or a command in XML",
                 static_cast<std::uint64_t>(command.data() - text.data()), excerpt(command));
}

std::string_view skip_blanks(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

}  // namespace

bool looks_like_xml(Bytes content) {
    const std::string_view text = skip_blanks(as_text(content.first(std::min(content.size(), kSniffed))));
    for (const std::string_view mark : {"<?xml", "<net ", "<PMML", "<!DOCTYPE", "<!--"})
        if (text.starts_with(mark)) return !text.starts_with("<!DOCTYPE html");
    return false;
}

void judge_xml(Bytes content, Context& context) {
    const std::string_view text = as_text(content);
    const std::string_view head = text.substr(0, std::min<std::size_t>(text.size(), 16'384));
    const bool openvino = head.find("<net ") != std::string_view::npos;
    const bool pmml = head.find("<PMML") != std::string_view::npos;
    if (context.depth == 0 && (openvino || pmml)) context.result.format = openvino ? "openvino" : "pmml";
    for (std::size_t at = 0; at < text.size(); at += kPiece) {
        Context here = context;
        here.base += at;
        judge_piece(text.substr(at, kPiece + kLongestTag), here, openvino);
        give_back(context, content.subspan(at, std::min(kPiece, content.size() - at)));
    }
}

}  // namespace bartizan::scan

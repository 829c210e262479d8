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

std::string_view tag_at(std::string_view text, std::size_t at) {
    return text.substr(at, std::min(text.find('>', at), text.size()) - at);
}

/// The value of an attribute in a tag; empty: it has none of this name.
std::string_view attribute(std::string_view tag, std::string_view name) {
    for (std::size_t at = tag.find(name); at != std::string_view::npos; at = tag.find(name, at + 1)) {
        std::size_t open = tag.find_first_not_of(" \t\r\n", at + name.size());
        if (open == std::string_view::npos || tag[open] != '=' || at == 0 || tag[at - 1] > ' ') continue;
        open = tag.find_first_of("\"'", open);
        if (open == std::string_view::npos) return {};
        const std::size_t close = tag.find(tag[open], open + 1);
        return tag.substr(open + 1, std::min(close, tag.size()) - open - 1);
    }
    return {};
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
    bool custom_said = false;
    for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
        const std::string_view tag = tag_at(text, at);
        if (const std::string_view library = attribute(tag, "library"); !library.empty())
            malicious(context, rule::kRunsCode, "a layer that loads a library", at, excerpt(library));
        const bool custom = openvino && tag.starts_with("<layer") &&
                            (attribute(tag, "version") == "extension" || attribute(tag, "type") == "Custom");
        if (custom && !std::exchange(custom_said, true))
            unproven(context, rule::kUnprovenCode, "a layer that an extension library must bring", at, excerpt(tag));
        if (tag.starts_with("<script") || tag.starts_with("<xsl:script") || tag.starts_with("<xi:include"))
            unproven(context, rule::kUnprovenCode, "a script or an inclusion in XML", at, excerpt(tag));
    }
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
    judge_entities(text, context);
    judge_tags(text, context, openvino);
    report_secrets(text, context, 0);
    if (const std::string_view command = command_in(text); !command.empty())
        unproven(context, rule::kUnprovenCode, "code or a command in XML",
                 static_cast<std::uint64_t>(command.data() - text.data()), excerpt(command));
}

}  // namespace bartizan::scan

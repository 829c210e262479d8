#pragma once
/// Paragraphs, lists, facts and tables of a card, as Markdown and as HTML. Texts in them come from outside; both
/// renderings escape them. Pure.

#include <string>
#include <utility>
#include <vector>

#include "bartizan/finding.h"
#include "core/json.h"

namespace bartizan::documents {

struct Section {
    std::string name;   ///< "evidence"
    std::string title;  ///< "Evidence"
    std::vector<std::string> paragraphs = {};
    std::vector<std::pair<std::string, std::string>> facts = {};
    Table table = {};
    std::vector<std::string> list = {};
};

std::string markdown_of(const Section& section);
std::string html_of(const Section& section);
Json to_json(const Section& section);

}  // namespace bartizan::documents

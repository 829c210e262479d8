#include "provenance/bom/licences.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>

namespace bartizan::provenance {
namespace {

constexpr std::size_t kLongestWord = 100;
/// Enough of a licence to tell it: the longest phrase below stands far before this.
constexpr std::size_t kCompared = 32 * 1024;

/// SPDX licence list 3.24, those that models and data sets use.
constexpr std::string_view kSpdxIds[] = {
    "0BSD",
    "AFL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-3-Clause-Clear",
    "BSL-1.0",
    "C-UDA-1.0",
    "CC-BY-2.0",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-2.0",
    "CC-BY-NC-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-3.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-2.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "CDLA-Sharing-1.0",
    "ECL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "GFDL-1.3-only",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "ISC",
    "LGPL-2.1-only",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "LPPL-1.3c",
    "MIT",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "ODbL-1.0",
    "ODC-By-1.0",
    "OFL-1.1",
    "OSL-3.0",
    "PDDL-1.0",
    "PostgreSQL",
    "Unlicense",
    "WTFPL",
    "Zlib",
};

struct Alias {
    std::string_view word;
    std::string_view id;
};
/// Words of the Hugging Face hub, and deprecated SPDX ids, that differ from the id by more than case.
constexpr Alias kAliases[] = {
    {"agpl-3.0", "AGPL-3.0-only"}, {"gpl-2.0", "GPL-2.0-only"},   {"gpl-3.0", "GPL-3.0-only"},
    {"lgpl-2.1", "LGPL-2.1-only"}, {"lgpl-3.0", "LGPL-3.0-only"}, {"gfdl", "GFDL-1.3-only"},
    {"pddl", "PDDL-1.0"},          {"odbl", "ODbL-1.0"},          {"odc-by", "ODC-By-1.0"},
    {"c-uda", "C-UDA-1.0"},        {"apache2", "Apache-2.0"},     {"apache license 2.0", "Apache-2.0"},
    {"lppl-1.3c", "LPPL-1.3c"},
};

/// A licence is told by the phrases that all stand in its text. More specific ones first.
struct Mark {
    std::string_view id;
    std::string_view name;
    std::initializer_list<std::string_view> phrases;
};
const Mark kMarks[] = {
    {"Apache-2.0", "", {"apache license", "version 2.0, january 2004"}},
    {"AGPL-3.0-only", "", {"gnu affero general public license", "version 3, 19 november 2007"}},
    {"LGPL-3.0-only", "", {"gnu lesser general public license", "version 3, 29 june 2007"}},
    {"LGPL-2.1-only", "", {"gnu lesser general public license", "version 2.1, february 1999"}},
    {"GPL-3.0-only", "", {"gnu general public license", "version 3, 29 june 2007"}},
    {"GPL-2.0-only", "", {"gnu general public license", "version 2, june 1991"}},
    {"MPL-2.0", "", {"mozilla public license version 2.0"}},
    {"EPL-2.0", "", {"eclipse public license - v 2.0"}},
    {"CC0-1.0", "", {"cc0 1.0 universal"}},
    {"CC-BY-NC-SA-4.0", "", {"attribution-noncommercial-sharealike 4.0 international"}},
    {"CC-BY-NC-ND-4.0", "", {"attribution-noncommercial-noderivatives 4.0 international"}},
    {"CC-BY-NC-4.0", "", {"attribution-noncommercial 4.0 international"}},
    {"CC-BY-SA-4.0", "", {"attribution-sharealike 4.0 international"}},
    {"CC-BY-ND-4.0", "", {"attribution-noderivatives 4.0 international"}},
    {"CC-BY-4.0", "", {"attribution 4.0 international"}},
    {"Unlicense", "", {"this is free and unencumbered software released into the public domain"}},
    {"ODbL-1.0", "", {"open database license", "odbl"}},
    {"BSD-3-Clause", "", {"redistribution and use in source and binary forms", "neither the name of"}},
    {"BSD-2-Clause", "", {"redistribution and use in source and binary forms", "this list of conditions"}},
    {"ISC", "", {"permission to use, copy, modify, and/or distribute this software for any purpose"}},
    {"MIT",
     "",
     {"permission is hereby granted, free of charge, to any person obtaining a copy",
      "the software is "
      "provided \"as is\""}},
    {"", "Llama community licence", {"llama", "community license agreement"}},
    {"", "Gemma terms of use", {"gemma terms of use"}},
    {"", "OpenRAIL licence", {"rail", "use-based restrictions"}},
};

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// Lower case, every run of white space one blank: line breaks and indentation differ between copies.
std::string normal(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, kCompared)) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isspace(byte) == 0)
            out += static_cast<char>(std::tolower(byte));
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    return out;
}

std::string_view spdx_id(std::string_view lowered) {
    for (const std::string_view id : kSpdxIds)
        if (lower(id) == lowered) return id;
    const auto alias = std::ranges::find(kAliases, lowered, &Alias::word);
    return alias == std::end(kAliases) ? std::string_view() : alias->id;
}

std::string_view tagged_id(std::string_view text) {
    constexpr std::string_view kTag = "SPDX-License-Identifier:";
    const std::size_t at = text.find(kTag);
    if (at == std::string_view::npos) return {};
    std::string_view rest = text.substr(at + kTag.size());
    rest = rest.substr(0, rest.find_first_of("\r\n"));
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    return rest.substr(0, rest.find_last_not_of(" \t*/") + 1);
}

}  // namespace

Licence licence_of_word(std::string_view word, std::string_view source) {
    word = word.substr(0, kLongestWord);
    const std::string_view id = spdx_id(lower(word));
    if (!id.empty()) return {std::string(id), "", std::string(source)};
    return {"", std::string(word), std::string(source)};
}

Licence licence_of_text(std::string_view text, std::string_view source) {
    if (const std::string_view tagged = tagged_id(text.substr(0, kCompared)); !tagged.empty())
        return licence_of_word(tagged, source);
    const std::string content = normal(text);
    for (const Mark& mark : kMarks) {
        const auto stands = [&](std::string_view phrase) { return content.find(phrase) != std::string::npos; };
        if (std::ranges::all_of(mark.phrases, stands))
            return {std::string(mark.id), std::string(mark.name), std::string(source)};
    }
    return {"", "", std::string(source)};
}

bool is_licence_file(std::string_view file_name) {
    const std::string name = lower(file_name.substr(0, kLongestWord));
    const std::string stem = name.substr(0, name.find_first_of(".-_"));
    return stem == "license" || stem == "licence" || stem == "copying" || stem == "unlicense";
}

}  // namespace bartizan::provenance

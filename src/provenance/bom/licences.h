#pragma once
/// Which licence: by the word that a model card uses, or by the text of a LICENSE file. Pure tables and comparisons.

#include <string>
#include <string_view>

namespace bartizan::provenance {

/// A licence as SPDX calls it (`id`), or by a name where SPDX has none.
struct Licence {
    std::string id;
    std::string name;
    std::string source;  ///< the file that says so
};

/// "apache-2.0" gives Apache-2.0; words that SPDX does not know stay names ("openrail", "llama3").
Licence licence_of_word(std::string_view word, std::string_view source);

/// By an "SPDX-License-Identifier:" line, or by phrases that only this licence has. Nothing found: both empty.
Licence licence_of_text(std::string_view text, std::string_view source);

/// True for LICENSE, LICENCE, COPYING, NOTICE-less variants with an ending, in any case.
bool is_licence_file(std::string_view file_name);

}  // namespace bartizan::provenance

#pragma once
/// A text with generated and written parts. Lines mark them, as comments of Markdown or of YAML:
///
///     <!-- bartizan:generated evidence 3f0c9a51b2d84e67 -->     ... <!-- bartizan:end evidence -->
///     <!-- bartizan:written intended-use -->                    ... <!-- bartizan:end intended-use -->
///
/// The digits are those of the SHA-256 of a generated part as it was written, so that a hand in it shows. Within any
/// other text `<!-- bartizan:number CHECK -->0.41<!-- bartizan:end -->` is a number that is kept up to date. All other
/// bytes are people's, and stay as they are. Texts come from outside. Pure.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::documents {

inline constexpr std::size_t kLongestDocument = std::size_t{4} << 20;

enum class PartKind : std::uint8_t { text, generated, written };

struct Segment {
    PartKind kind = PartKind::text;
    std::string name = {};
    std::string begin = {};  ///< the marking line with its line break; of text: empty
    std::string body = {};
    std::string end = {};
    bool edited = false;  ///< generated, and not as it was generated
};

struct Marked {
    /// "bartizan:card SUBJECT AUDIENCE FACTS", from the line that says so; empty: there is none.
    std::string subject, audience, facts;
    std::vector<Segment> segments;

    const Segment* find(PartKind kind, std::string_view name) const;
};

/// Fails with `invalid_input` and the line: a part that does not end, one in another, a name that stands twice.
Result<Marked> parse_marked(std::string_view text);

/// A part as it is to be.
struct FreshPart {
    PartKind kind = PartKind::generated;
    std::string name = {}, title = {};
    std::string body = {};  ///< of a written part: what is asked of whoever writes it
    bool front = false;     ///< in the YAML front matter
};

struct Refilled {
    std::string text;
    std::vector<std::string> edited;      ///< generated parts that a hand had changed, and that were replaced
    std::vector<std::string> added;       ///< parts that were not there
    std::vector<std::string> left_alone;  ///< generated parts that this program no longer writes
};

/// What stands in a number's place; empty: nobody knows it, and what stands there stays.
using NumberOf = std::function<std::string(const std::string& check)>;

/// The line that says what the document is about, as YAML has comments.
std::string card_line(const std::string& subject, const std::string& audience, const std::string& facts);
/// A document of fresh parts alone. `heading`: the first line of the text.
std::string fresh_text(const std::vector<FreshPart>& parts, const std::string& line, const std::string& heading);
/// `old` with its generated parts, numbers and card line replaced; everything else byte for byte.
Refilled refilled(const Marked& old, const std::vector<FreshPart>& parts, const std::string& line,
                  const NumberOf& number);
/// The 16 digits of a part's body.
std::string part_digest(std::string_view body);

}  // namespace bartizan::documents

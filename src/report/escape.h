#pragma once
/// Text from outside, made harmless for the place where it is written. Every string of a report goes through one of
/// these: model paths, class names and error texts are chosen by strangers.
///
/// All of them replace bytes that are not UTF-8 by U+FFFD, and drop control characters and the characters that
/// reorder or hide text (bidirectional controls), so that what is read is what is there.
/// Thread rule: pure functions. Cannot fail; the output is at most six times as long as the input.

#include <string>
#include <string_view>

namespace bartizan::report {

/// Valid UTF-8 without control characters; tab and line feed stay.
std::string clean_text(std::string_view text);
/// The same on one line: tab and line feed become spaces. For terminals.
std::string clean_line(std::string_view text);
/// For element content and quoted attributes of HTML and of XML 1.0 alike.
std::string escape_markup(std::string_view text);
/// A path or URL as a URI reference (RFC 3986): bytes that may not stand in one are percent-encoded; an absolute path
/// becomes a file URI.
std::string uri_reference(std::string_view path);
/// RFC 4648, section 4.
std::string base64(std::string_view bytes);

}  // namespace bartizan::report

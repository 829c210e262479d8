#pragma once
/// Names for people and accounts that tell nothing of them: "principal-1" for who was seen, "responder-1" for who
/// acted, in the order in which an incident's report names them. They are no digests, which could be guessed back. One
/// thread at a time.

#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace bartizan::documents {

class Pseudonyms {
public:
    /// `report` is what `incident::report_of` gives. `as_they_are`: every name stays itself.
    Pseudonyms(const Json& report, bool as_they_are);

    /// Of detectors and of the program itself the name stays.
    std::string name(const std::string& actor) const;
    /// A text with every whole word that is one of the names replaced.
    std::string in(const std::string& text) const;

private:
    void add(const std::string& real, const char* kind, std::size_t& count);
    std::vector<std::pair<std::string, std::string>> names_;
    bool as_they_are_;
};

}  // namespace bartizan::documents

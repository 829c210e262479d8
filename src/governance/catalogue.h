#pragma once
/// What is asked of an organisation and its models: requirements in catalogues, capabilities and their checks. An edge
/// from a requirement to a capability says that evidence of the one bears on the other, never that it satisfies it.
/// Shipped catalogues are files in data/; an installation may add its own in the same form. Pure; immutable once made.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::governance {

/// Capabilities as a set, by index: there are at most 64.
using CapabilitySet = std::uint64_t;
inline constexpr std::size_t kMostCapabilities = 64;
inline constexpr std::size_t kLongestCatalogue = 4 << 20;
inline constexpr std::size_t kMostRequirements = 10'000;

enum class SubjectKind : std::uint8_t { model, data, organisation };
std::string_view to_string(SubjectKind kind);

/// How evidence came about. From EXAMINE and INTERVIEW a state is attested at most, never met.
enum class Method : std::uint8_t { test, examine, interview };
/// "TEST", "EXAMINE", "INTERVIEW", as OSCAL has them.
std::string_view to_string(Method method);
Result<Method> method_from(std::string_view word);

struct Check {
    std::string id;  ///< "evasion.whitebox"
    std::string title;
    std::size_t capability = 0;
    std::optional<double> at_least;  ///< the value that passes; the pessimistic end of its interval counts
    std::optional<double> at_most;
    std::int64_t min_samples = 0;
};

struct Capability {
    std::string id;  ///< "CAP-EVASION"
    std::string title;
    bool subjects[3] = {};  ///< by SubjectKind
    Method method = Method::test;
    std::int64_t valid_days = 365;
    std::string modality;  ///< "text": asked only of models of that modality, or of one that nobody told
    std::vector<std::size_t> checks;
};

struct Requirement {
    std::size_t catalogue = 0;
    std::string ref;  ///< "MEASURE 2.7"
    std::string id;   ///< "nist-ai-rmf@1.0:MEASURE 2.7"
    std::string title;
    CapabilitySet must = 0;  ///< these alone move its state
    CapabilitySet may = 0;
    bool unchecked = false;  ///< the number was written from memory
    std::string valid_from, valid_to, superseded_by;
};

struct Catalogue {
    std::string scheme, version, title, publisher, licence, source, sector, note;
    std::string mapping_version, mapping_status;
    std::size_t first = 0, count = 0;  ///< its requirements
};

/// Everything that is asked, with names resolved.
class Framework {
public:
    /// What ships with the program, and catalogues of the installation as (name, text). Fails with `invalid_input` that
    /// names file, entry and reason.
    static Result<Framework> make(std::span<const std::pair<std::string, std::string>> own = {});

    const std::vector<Capability>& capabilities() const { return capabilities_; }
    const std::vector<Check>& checks() const { return checks_; }
    const std::vector<Catalogue>& catalogues() const { return catalogues_; }
    const std::vector<Requirement>& requirements() const { return requirements_; }
    /// Capabilities that are asked of a subject.
    CapabilitySet asked_of(SubjectKind kind, std::string_view modality) const;

    const Check* check(std::string_view id) const;
    std::optional<std::size_t> check_index(std::string_view id) const;
    std::optional<std::size_t> requirement_index(std::string_view id) const;

private:
    Result<void> read_capabilities(std::string_view text);
    Result<void> read_catalogue(std::string_view text);

    std::vector<Capability> capabilities_;
    std::vector<Check> checks_;
    std::vector<Catalogue> catalogues_;
    std::vector<Requirement> requirements_;
    std::unordered_map<std::string, std::size_t> capability_at_, check_at_, requirement_at_;
};

}  // namespace bartizan::governance

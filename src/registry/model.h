#pragma once
/// What the registry knows, as plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::registry {

enum class Kind : std::uint8_t { model, data };
/// "model", "data"
std::string_view to_string(Kind kind);
Result<Kind> kind_from(std::string_view word);

/// A model or a data set; as text "model:fashion".
struct AssetId {
    Kind kind = Kind::model;
    std::string name = {};
    std::string text() const;
    bool operator==(const AssetId&) const = default;
};

/// "model:fashion@3"; versions count from 1.
struct VersionId {
    AssetId asset = {};
    std::int64_t number = 0;
    std::string text() const;
    bool operator==(const VersionId&) const = default;
};

/// Fails with `invalid_input`: 1 to 64 of a-z, 0-9, '.', '_', '-', the first one a letter or digit.
Result<void> check_name(std::string_view name);

/// What a version was made from.
struct Link {
    std::string relation = {};  ///< "trained_on", "derived_from", "evaluated_on"
    VersionId source = {};
};

/// Values that the model's inputs lie within.
struct InputRange {
    double low = 0;
    double high = 1;
};

/// What goes with a version, by role: "sidecar", "signature", "bom", "scan", "audit", "reference",
/// "members", "statistics" (what the service made of the reference), "evidence".
struct Attachment {
    std::string role = {};
    std::string digest = {};
    std::uint64_t bytes = 0;
    std::int64_t created = 0;
    std::string created_by = {};
};

/// What was found about a version. Those that gates ask for: "scan" (verdict clean, unproven, malicious, incomplete),
/// "signature" (verified, failed), "audit" (done, with its score).
struct Check {
    std::string name = {};
    std::string verdict = {};
    std::optional<double> score = {};  ///< 0 to 100
    std::string detail = {};
    std::int64_t created = 0;
    std::string created_by = {};
};

struct Version {
    VersionId id = {};
    std::string file_name = {};  ///< "fashion.onnx"
    std::string digest = {};     ///< SHA-256, 64 hexadecimal digits
    std::uint64_t bytes = 0;
    std::string note = {};
    std::optional<InputRange> input_range = {};
    std::int64_t created = 0;
    std::string created_by = {};
    std::optional<std::string> quarantine = {};  ///< why; of the version or of the whole asset
    bool removed = false;                        ///< the record is kept, the content is not
    std::string stage = {};                      ///< "production", "candidate", "retired", "registered", "quarantined"
    std::vector<Attachment> attachments = {};    ///< the newest of each role
    std::vector<Check> checks = {};              ///< the newest of each name
    std::vector<Link> links = {};

    const Check* check(std::string_view name) const;
    const Attachment* attachment(std::string_view role) const;
};

/// One move of an alias.
struct Move {
    std::string alias = {};
    std::int64_t from = 0;  ///< 0: there was none
    std::int64_t to = 0;
    std::string kind = {};  ///< "promote", "rollback"
    std::int64_t moved = 0;
    std::string moved_by = {};
    std::string reason = {};
};

/// Where the aliases of an asset point.
struct AssetState {
    AssetId id = {};
    std::int64_t created = 0;
    std::string created_by = {};
    std::optional<std::string> quarantine = {};
    std::vector<std::pair<std::string, std::int64_t>> aliases = {};
    std::int64_t newest = 0;    ///< number of the newest version
    std::int64_t previous = 0;  ///< where `rollback` of production would lead; 0: nowhere

    std::int64_t alias(std::string_view name) const;  ///< 0: there is none
};

/// The alias that callers get, whose moves have gates.
inline constexpr std::string_view kProduction = "production";
/// The alias that every push moves to the new version.
inline constexpr std::string_view kCandidate = "candidate";

Json to_json(const Version& version);
Json to_json(const AssetState& asset);
Json to_json(const Move& move);

}  // namespace bartizan::registry

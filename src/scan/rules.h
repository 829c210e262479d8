#pragma once
/// The ids of the scan's rules, by name, so that a misspelt one does not compile. Once released an id keeps its
/// meaning. report/rules.h has each one's summary, help, remediation and taxonomy ids.

#include <string_view>

namespace bartizan::scan::rule {

// What would run on load.
inline constexpr std::string_view kRunsCode = "BTZ-SCN-001";        ///< a known way to run code or commands
inline constexpr std::string_view kTouchesFiles = "BTZ-SCN-002";    ///< reads, writes or deletes files
inline constexpr std::string_view kTouchesNetwork = "BTZ-SCN-003";  ///< opens a connection, sends data
inline constexpr std::string_view kTampersRuntime =
    "BTZ-SCN-004";                                            ///< changes the interpreter, a registry, another object
inline constexpr std::string_view kExhausts = "BTZ-SCN-005";  ///< made to eat memory or time: bombs
inline constexpr std::string_view kUnprovenCall = "BTZ-SCN-010";    ///< a call that is not shown to be inert
inline constexpr std::string_view kUnprovenImport = "BTZ-SCN-011";  ///< a module imported whose import may run code
inline constexpr std::string_view kUnprovenCode =
    "BTZ-SCN-012";  ///< code or operators of unknown effect in a graph or config
// How the bytes lie.
inline constexpr std::string_view kTwoReadings = "BTZ-SCN-020";    ///< two loaders would read these bytes differently
inline constexpr std::string_view kHiddenData = "BTZ-SCN-021";     ///< bytes that no reader of the format looks at
inline constexpr std::string_view kTypeMismatch = "BTZ-SCN-022";   ///< the name says one format, the content another
inline constexpr std::string_view kOutsideFolder = "BTZ-SCN-023";  ///< a path that leaves the folder
inline constexpr std::string_view kBroken = "BTZ-SCN-024";         ///< malformed; judged by what runs before the break
inline constexpr std::string_view kNotRead =
    "BTZ-SCN-025";  ///< recognised, not readable here: opaque, encrypted, over a limit
// What lies beside the model.
inline constexpr std::string_view kHiddenExecutable = "BTZ-SCN-030";  ///< program, script or shared object
inline constexpr std::string_view kSecret = "BTZ-SCN-031";            ///< API key, private key
inline constexpr std::string_view kUrl = "BTZ-SCN-032";  ///< an address that code or configuration would fetch
inline constexpr std::string_view kTemplateEscape = "BTZ-SCN-033";  ///< a template that walks out of its sandbox
inline constexpr std::string_view kRemoteCode =
    "BTZ-SCN-034";  ///< configuration that loads code: auto_map, Lambda, custom objects
// Weights.
inline constexpr std::string_view kNotFinite = "BTZ-SCN-040";  ///< NaN, infinite or absurd weights
inline constexpr std::string_view kStegano = "BTZ-SCN-041";    ///< low bits that do not look like weights

}  // namespace bartizan::scan::rule

#pragma once
/// The scan of an artefact as a probe of an audit: what it found, as findings beside all others.
/// Thread rule: pure functions.

#include <string>

#include "bartizan/finding.h"
#include "scan/scan.h"

namespace bartizan::scan {

inline constexpr std::string_view kProbeName = "artefact";
inline constexpr std::string_view kProbeTitle = "Safe to load";

/// More places than this are counted, not listed.
inline constexpr std::size_t kMaxPlaces = 50;

/// One finding for each rule that was raised, with a table of the places. `passed` also where something was found:
/// the probe ran; `incomplete` where a file could not be read to its end.
ProbeRecord probe_of(const ScanResult& scan, const std::string& asset, double seconds);

/// A report of nothing but this probe; the others are `skipped` because the artefact is not safe to be parsed further.
Report stopped_report(const ScanResult& scan, const std::string& asset, double seconds);

}  // namespace bartizan::scan

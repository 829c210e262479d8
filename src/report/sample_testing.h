#pragma once
/// A made-up but realistic audit of a 10-class image classifier, for the tests of every writer and for looking at
/// the report. Nothing in it was measured.

#include "bartizan/finding.h"

namespace bartizan::report::testing {

/// A weak model: findings of every severity, curves with bands, pictures, tables, a failed and a skipped probe.
Report sample_report();
/// The same model after adversarial training: fewer and milder findings, all probes done.
Report hardened_report();
/// `sample_report` with hostile text in every string that may come from outside.
Report hostile_report();
/// A report with nothing in it.
Report empty_report();

}  // namespace bartizan::report::testing

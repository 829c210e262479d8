#pragma once
/// How the pages look: one style sheet without anything to load, light and dark (the system's choice, or the
/// reader's through the switch, which needs no script), for screens from 320 pixels and for paper.
/// Thread rule: pure functions.

#include <string>
#include <string_view>

namespace bartizan::report {

/// The content of the page's only <style>.
std::string stylesheet();
/// The bartizan turret, 32 by 32, in the current text colour.
std::string_view turret_svg();

}  // namespace bartizan::report

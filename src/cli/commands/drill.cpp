/// Drills of a running service.
#include "cli/commands/server_options.h"
#include "cli/commands/shared_options.h"
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace drill_table {
namespace {

constexpr PositionalSpec kTarget[] = {
    {.name = "URL",
     .help = "the service (default: BARTIZAN_SERVER); or 'list': which scenarios there are",
     .required = false}};
constexpr OptionSpec kOptions[] = {
    kRecord,
    {.name = "--model",
     .kind = OptionKind::text,
     .value = "NAME",
     .help = "a copy of this model is attacked (default: the only one in production)"},
    {.name = "--model-version",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "a copy of this version (default: the one in production)",
     .low = 1,
     .high = 1e15},
    {.name = "--scenario",
     .kind = OptionKind::text,
     .value = "NAME",
     .help = "only this one; may be repeated",
     .many = true},
    {.name = "--plan",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "JSON: {\"scenarios\": [NAME, ...], \"queries\": N, \"seconds\": S}"},
    {.name = "--dry-run",
     .kind = OptionKind::flag,
     .value = {},
     .help = "says what would be done, and changes nothing"},
    {.name = "--in-place",
     .kind = OptionKind::flag,
     .value = {},
     .help = "ask the model itself, not a copy: its own limits are tried, its playbooks run dry; needs --yes"},
    {.name = "--yes", .kind = OptionKind::flag, .value = {}, .help = "the attacks of --in-place are wanted"},
    {.name = "--data",
     .kind = OptionKind::path,
     .value = "FILE.npz",
     .help = "the adversary's labelled items (default: the version's reference, as the model labels it)"},
    {.name = "--queries",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "rows that each attack may ask (default: its own)",
     .low = 1,
     .high = 1e7},
    {.name = "--seconds",
     .kind = OptionKind::number,
     .value = "S",
     .help = "of each attack (default: 60)",
     .low = 1,
     .high = 86'400},
    {.name = "--second-key",
     .kind = OptionKind::text,
     .value = "KEY",
     .help = "of somebody who agrees to steps that need a second person; may be repeated",
     .many = true},
    {.name = "--html", .kind = OptionKind::path, .value = "FILE", .help = "the result as a page"},
    kServerKey,
    kServerCa,
};

constexpr CommandSpec kCommands[] = {
    {.name = "drill",
     .summary = "Attacks a running service as an adversary would, and measures what it sees, and how soon",
     .example = "bartizan drill http://127.0.0.1:8420 --model fashion --html drill.html",
     .needs_engine = false,
     .positionals = kTarget,
     .options = kOptions},
};

}  // namespace
}  // namespace drill_table

std::span<const CommandSpec> drill_commands() { return drill_table::kCommands; }

}  // namespace bartizan::cli

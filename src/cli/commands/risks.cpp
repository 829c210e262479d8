/// The risk register of a server.
#include "cli/commands/server_options.h"
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace risks_table {
namespace {

constexpr OptionSpec kListOptions[] = {
    {.name = "--asset", .kind = OptionKind::text, .value = "ASSET", .help = "only of model:NAME, data:NAME ..."},
    {.name = "--band",
     .kind = OptionKind::choice,
     .value = "BAND",
     .help = "only those whose residual score lies in it",
     .choices = "low|moderate|high|critical"},
    {.name = "--as",
     .kind = OptionKind::choice,
     .value = "FORM",
     .help = "html: a page with a heat map",
     .preset = "text",
     .choices = "text|html"},
    {.name = "--out", .kind = OptionKind::path, .value = "FILE", .help = "write the page there"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kAsset[] = {{.name = "ASSET", .help = "model:NAME, data:NAME, service:NAME or vendor:NAME"}};
constexpr PositionalSpec kRisk[] = {{.name = "RISK", .help = "as 'risk list' shows it: R-3"}};
constexpr OptionSpec kSetOptions[] = {
    {.name = "--title", .kind = OptionKind::text, .value = "TEXT", .help = "what may happen, in one line"},
    {.name = "--statement", .kind = OptionKind::text, .value = "TEXT", .help = "who does what to what, with what end"},
    {.name = "--owner", .kind = OptionKind::text, .value = "NAME", .help = "who answers for it"},
    {.name = "--treatment",
     .kind = OptionKind::choice,
     .value = "WHAT",
     .help = "what is done about it",
     .choices = "avoid|mitigate|transfer|share|accept"},
    {.name = "--harm",
     .kind = OptionKind::text,
     .value = "HARM",
     .help = "AXIS=HARM: REASON, in place of what the inventory says; may be repeated",
     .many = true},
    {.name = "--independent",
     .kind = OptionKind::text,
     .value = "TEXT",
     .help = "why the controls do not fail together; then they count together"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr OptionSpec kAcceptOptions[] = {
    {.name = "--reason",
     .kind = OptionKind::text,
     .value = "TEXT",
     .help = "why; it stands in the ledger",
     .required = true},
    {.name = "--days",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "the acceptance ends then",
     .low = 1,
     .high = 366,
     .required = true},
    kServerAddress,
    kServerKey,
    kServerCa,
};

constexpr CommandSpec kCommands[] = {
    {.name = "risk list",
     .summary = "Risks with their scores, made from the inventory and from evidence, the worst first",
     .example = "bartizan risk list --as html --out risks.html",
     .needs_engine = false,
     .positionals = {},
     .options = kListOptions},
    {.name = "risk show",
     .summary = "One risk: where each number comes from, and what changed its band",
     .example = "bartizan risk show R-3",
     .needs_engine = false,
     .positionals = kRisk,
     .options = kServerOptions},
    {.name = "risk derive",
     .summary = "Puts the threats that concern an asset into the register",
     .example = "bartizan risk derive model:fashion",
     .needs_engine = false,
     .positionals = kAsset,
     .options = kServerOptions},
    {.name = "risk set",
     .summary = "Owner, words, treatment and harms of a risk; never its score",
     .example = "bartizan risk set R-3 --owner anna --treatment mitigate",
     .needs_engine = false,
     .positionals = kRisk,
     .options = kSetOptions},
    {.name = "risk accept",
     .summary = "Accepts a risk for a time, in the band that it has; its owner cannot",
     .example = "bartizan risk accept R-3 --reason pilot --days 30",
     .needs_engine = false,
     .positionals = kRisk,
     .options = kAcceptOptions},
};

}  // namespace
}  // namespace risks_table

std::span<const CommandSpec> risks_commands() { return risks_table::kCommands; }

}  // namespace bartizan::cli

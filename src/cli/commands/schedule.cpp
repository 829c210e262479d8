/// When assets on a server are audited, and the people behind it.
#include "cli/commands/server_options.h"
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace schedule_table {
namespace {

constexpr OptionSpec kListOptions[] = {
    {.name = "--asset", .kind = OptionKind::text, .value = "ASSET", .help = "only of model:NAME, data:NAME ..."},
    {.name = "--state",
     .kind = OptionKind::choice,
     .value = "STATE",
     .help = "only what is so",
     .choices = "on-time|due-soon|overdue"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kWhat[] = {
    {.name = "ASSET", .help = "model:NAME, data:NAME, service:NAME or vendor:NAME"},
    {.name = "ACTIVITY", .help = "what is done about it", .choices = "audit|scan|review"},
};
constexpr OptionSpec kSetOptions[] = {
    {.name = "--days", .kind = OptionKind::integer, .value = "N", .help = "how often", .low = 1, .high = 366},
    {.name = "--owner", .kind = OptionKind::text, .value = "NAME", .help = "who answers for it"},
    {.name = "--done-by",
     .kind = OptionKind::text,
     .value = "NAME",
     .help = "a review took place now, by NAME; audits and scans are read from evidence"},
    {.name = "--note", .kind = OptionKind::text, .value = "TEXT", .help = "what came of the review"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr OptionSpec kCalendarOptions[] = {
    {.name = "--out", .kind = OptionKind::path, .value = "FILE", .help = "write it there (default: standard output)"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kRole[] = {
    {.name = "PERSON", .help = "as anna"},
    {.name = "ACTIVITY", .help = "as 'people list' shows them: risk, incident, release ..."},
    {.name = "ROLE", .help = "R does it, A answers for it, C is asked, I is told", .choices = "R|A|C|I|none"},
};
constexpr PositionalSpec kTrained[] = {
    {.name = "PERSON", .help = "as anna"},
    {.name = "MODULE", .help = "as 'people list' shows them"},
};
constexpr OptionSpec kTrainOptions[] = {
    {.name = "--score",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "of 100",
     .low = 0,
     .high = 100,
     .required = true},
    {.name = "--days",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "it holds so long (default, and most: what the module says)",
     .low = 1,
     .high = 3660},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kDocument[] = {
    {.name = "DOCUMENT", .help = "as 'people list' shows them: risk-register, ai-policy ..."}};
constexpr OptionSpec kSignOptions[] = {
    {.name = "--document-version", .kind = OptionKind::text, .value = "V", .help = "which version was signed"},
    {.name = "--file", .kind = OptionKind::path, .value = "FILE", .help = "the document, by its SHA-256"},
    {.name = "--days",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "until it is looked at again",
     .preset = "365",
     .low = 1,
     .high = 366},
    kServerAddress,
    kServerKey,
    kServerCa,
};

constexpr CommandSpec kCommands[] = {
    {.name = "schedule list",
     .summary = "When each asset is audited, scanned and reviewed next, the most pressing first",
     .example = "bartizan schedule list --state overdue",
     .needs_engine = false,
     .positionals = {},
     .options = kListOptions},
    {.name = "schedule set",
     .summary = "How often, who answers for it, and that a review took place",
     .example = "bartizan schedule set model:fashion audit --days 90",
     .needs_engine = false,
     .positionals = kWhat,
     .options = kSetOptions},
    {.name = "schedule calendar",
     .summary = "Everything that has a date, as a calendar file (RFC 5545)",
     .example = "bartizan schedule calendar --out due.ics",
     .needs_engine = false,
     .positionals = {},
     .options = kCalendarOptions},
    {.name = "people list",
     .summary = "Who answers for what, whose training is due, who signed what",
     .example = "bartizan people list",
     .needs_engine = false,
     .positionals = {},
     .options = kServerOptions},
    {.name = "people assign",
     .summary = "Gives a person a role in an activity; one person answers for each",
     .example = "bartizan people assign anna incident A",
     .needs_engine = false,
     .positionals = kRole,
     .options = kServerOptions},
    {.name = "people train",
     .summary = "Records that a person was trained, until it expires",
     .example = "bartizan people train anna ai-security-basics --score 85",
     .needs_engine = false,
     .positionals = kTrained,
     .options = kTrainOptions},
    {.name = "people sign",
     .summary = "Signs a document: evidence of the organisation, until it is looked at again",
     .example = "bartizan people sign ai-policy --document-version 2 --file policy.pdf",
     .needs_engine = false,
     .positionals = kDocument,
     .options = kSignOptions},
};

}  // namespace
}  // namespace schedule_table

std::span<const CommandSpec> schedule_commands() { return schedule_table::kCommands; }

}  // namespace bartizan::cli

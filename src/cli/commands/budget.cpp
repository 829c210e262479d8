/// Money for AI on a server, and the vendors that some of it goes to.
#include "cli/commands/server_options.h"
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace budget_table {
namespace {

constexpr OptionSpec kProject = {
    .name = "--project", .kind = OptionKind::text, .value = "NAME", .help = "of one project alone"};
constexpr OptionSpec kPeriod = {.name = "--period",
                                .kind = OptionKind::text,
                                .value = "PERIOD",
                                .help = "of one period alone: 2026, 2026-H1, 2026-Q3 or 2026-07"};
constexpr OptionSpec kShowOptions[] = {kProject, kPeriod, kServerAddress, kServerKey, kServerCa};
constexpr PositionalSpec kLine[] = {
    {.name = "PROJECT", .help = "as shop"},
    {.name = "PERIOD", .help = "2026, 2026-H1, 2026-Q3 or 2026-07"},
    {.name = "LINE", .help = "its name: a line that is there is written anew"},
};
constexpr OptionSpec kLineOptions[] = {
    {.name = "--currency", .kind = OptionKind::text, .value = "CODE", .help = "of ISO 4217", .preset = "EUR"},
    {.name = "--planned", .kind = OptionKind::text, .value = "AMOUNT", .help = "as 12000.00", .preset = "0"},
    {.name = "--spent", .kind = OptionKind::text, .value = "AMOUNT", .help = "as 8000.00", .preset = "0"},
    {.name = "--security",
     .kind = OptionKind::integer,
     .value = "PERCENT",
     .help = "how much of the line is for security",
     .low = 0,
     .high = 100},
    {.name = "--category",
     .kind = OptionKind::choice,
     .value = "CATEGORY",
     .help = "what it is spent on",
     .preset = "other",
     .choices = "people|tools|testing|infrastructure|training|vendors|other"},
    {.name = "--capability",
     .kind = OptionKind::text,
     .value = "CAP",
     .help = "what it pays for, as 'control checks' lists: CAP-EVASION; may be repeated",
     .many = true},
    {.name = "--note", .kind = OptionKind::text, .value = "TEXT", .help = "one line"},
    {.name = "--remove", .kind = OptionKind::flag, .value = {}, .help = "takes the line out"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kBudget[] = {
    {.name = "PROJECT", .help = "as shop"},
    {.name = "PERIOD", .help = "2026, 2026-H1, 2026-Q3 or 2026-07"},
};
constexpr OptionSpec kDays = {.name = "--days",
                              .kind = OptionKind::integer,
                              .value = "N",
                              .help = "it ends then",
                              .low = 1,
                              .high = 366,
                              .required = true};
constexpr OptionSpec kWhy = {.name = "--reason",
                             .kind = OptionKind::text,
                             .value = "TEXT",
                             .help = "why; it stands in the ledger",
                             .required = true};
constexpr OptionSpec kWaiveOptions[] = {
    {.name = "--owner", .kind = OptionKind::text, .value = "NAME", .help = "who answers for it", .required = true},
    kWhy,
    kDays,
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr OptionSpec kWhatIfOptions[] = {
    kProject,
    kPeriod,
    {.name = "--capability", .kind = OptionKind::text, .value = "CAP", .help = "this one alone, at --cost"},
    {.name = "--cost", .kind = OptionKind::text, .value = "AMOUNT", .help = "with --capability: as 5000.00"},
    {.name = "--currency", .kind = OptionKind::text, .value = "CODE", .help = "with --capability: of ISO 4217"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kVendor[] = {{.name = "VENDOR", .help = "its name, as in 'inventory set --vendor'"}};
constexpr PositionalSpec kAnswered[] = {{.name = "VENDOR", .help = "its name"},
                                        {.name = "FILE", .help = "the filled questionnaire (JSON)"}};
constexpr PositionalSpec kCompared[] = {{.name = "VENDOR", .help = "two to eight", .many = true}};
constexpr OptionSpec kVendorOptions[] = {
    {.name = "--owner", .kind = OptionKind::text, .value = "NAME", .help = "who answers for the vendor, on our side"},
    {.name = "--contact", .kind = OptionKind::text, .value = "TEXT", .help = "whom to ask"},
    {.name = "--service", .kind = OptionKind::text, .value = "TEXT", .help = "what it does; repeatable", .many = true},
    {.name = "--data", .kind = OptionKind::text, .value = "CLASS", .help = "what it gets; repeatable", .many = true},
    {.name = "--country", .kind = OptionKind::text, .value = "CODE", .help = "where; repeatable", .many = true},
    {.name = "--sub-processor", .kind = OptionKind::text, .value = "NAME", .help = "repeatable", .many = true},
    {.name = "--exit-plan", .kind = OptionKind::text, .value = "TEXT", .help = "how we leave"},
    {.name = "--criticality",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "1 (little) to 5",
     .low = 1,
     .high = 5},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr OptionSpec kPageOptions[] = {
    {.name = "--as",
     .kind = OptionKind::choice,
     .value = "FORM",
     .help = "html: a page",
     .preset = "text",
     .choices = "text|html"},
    {.name = "--out", .kind = OptionKind::path, .value = "FILE", .help = "write the page there"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kExcepted[] = {{.name = "VENDOR", .help = "its name"},
                                        {.name = "QUESTION", .help = "the number of a knock-out"}};
constexpr OptionSpec kExceptOptions[] = {kWhy, kDays, kServerAddress, kServerKey, kServerCa};

constexpr CommandSpec kCommands[] = {
    {.name = "budget show",
     .summary = "What of the money for AI goes into its security, against 10 to 15 %",
     .example = "bartizan budget show --project shop",
     .needs_engine = false,
     .positionals = {},
     .options = kShowOptions},
    {.name = "budget line",
     .summary = "Writes a line of a budget: planned, spent, share of security, what it pays for",
     .example = "bartizan budget line shop 2026 audits --planned 12000 --security 100 --capability CAP-EVASION",
     .needs_engine = false,
     .positionals = kLine,
     .options = kLineOptions},
    {.name = "budget waive",
     .summary = "Lets a share below the band be, for a time; its owner cannot",
     .example = "bartizan budget waive shop 2026 --owner anna --reason pilot --days 90",
     .needs_engine = false,
     .positionals = kBudget,
     .options = kWaiveOptions},
    {.name = "budget whatif",
     .summary = "What would take the most risk off for its cost",
     .example = "bartizan budget whatif --capability CAP-EVASION --cost 5000 --currency EUR",
     .needs_engine = false,
     .positionals = {},
     .options = kWhatIfOptions},
    {.name = "vendor list",
     .summary = "Vendors with verdict, score and what contradicts their answers",
     .example = "bartizan vendor list",
     .needs_engine = false,
     .positionals = {},
     .options = kServerOptions},
    {.name = "vendor add",
     .summary = "Says who a vendor is, what it does and gets",
     .example = "bartizan vendor add acme --owner anna --service translation --criticality 3",
     .needs_engine = false,
     .positionals = kVendor,
     .options = kVendorOptions},
    {.name = "vendor questions",
     .summary = "A blank questionnaire, to be filled in",
     .example = "bartizan vendor questions",
     .needs_engine = false,
     .positionals = {},
     .options = kServerOptions},
    {.name = "vendor answer",
     .summary = "Takes a filled questionnaire, and holds it against the evidence",
     .example = "bartizan vendor answer acme acme.json",
     .needs_engine = false,
     .positionals = kAnswered,
     .options = kServerOptions},
    {.name = "vendor show",
     .summary = "One vendor: each answer with its proof",
     .example = "bartizan vendor show acme",
     .needs_engine = false,
     .positionals = kVendor,
     .options = kServerOptions},
    {.name = "vendor compare",
     .summary = "Vendors side by side",
     .example = "bartizan vendor compare acme other --as html --out vendors.html",
     .needs_engine = false,
     .positionals = kCompared,
     .options = kPageOptions},
    {.name = "vendor except",
     .summary = "Lets a failed knock-out be, for a time; the vendor's owner cannot",
     .example = "bartizan vendor except acme 5 --reason contract --days 90",
     .needs_engine = false,
     .positionals = kExcepted,
     .options = kExceptOptions},
};

}  // namespace
}  // namespace budget_table

std::span<const CommandSpec> budget_commands() { return budget_table::kCommands; }

}  // namespace bartizan::cli

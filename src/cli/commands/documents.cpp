/// What is known of an asset on a server, as documents for other tools and for people.
#include "cli/commands/server_options.h"
#include "cli/commands/shared_options.h"
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace documents_table {
namespace {

constexpr PositionalSpec kAsset[] = {{.name = "ASSET", .help = "model:NAME, data:NAME or organisation"}};
constexpr OptionSpec kScheme = {.name = "--scheme",
                                .kind = OptionKind::text,
                                .value = "SCHEME",
                                .help = "only requirements of one catalogue: nist-ai-rmf"};
constexpr OptionSpec kDocumentOut = {
    .name = "--out", .kind = OptionKind::path, .value = "FILE", .help = "write it there, in place of printing it"};
constexpr OptionSpec kExportOptions[] = {kVersionNumber, kScheme, kDocumentOut, kServerAddress, kServerKey, kServerCa};
constexpr OptionSpec kBillOptions[] = {
    kVersionNumber,
    kScheme,
    {.name = "--spec",
     .kind = OptionKind::choice,
     .value = "VERSION",
     .help = "of CycloneDX",
     .preset = "1.6",
     .choices = "1.6|1.7"},
    kDocumentOut,
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr OptionSpec kPackOptions[] = {
    kVersionNumber,
    {.name = "--no-attachments",
     .kind = OptionKind::flag,
     .value = {},
     .help = "without the reports, signatures and bills that were attached to the version"},
    {.name = "--out", .kind = OptionKind::path, .value = "FILE.zip", .help = "the archive", .required = true},
    kServerAddress,
    kServerKey,
    kServerCa,
};

constexpr OptionSpec kCardOptions[] = {
    kVersionNumber,
    {.name = "--as",
     .kind = OptionKind::choice,
     .value = "FORM",
     .help = "of the document; croissant: of data sets alone",
     .preset = "markdown",
     .choices = "markdown|json|html|croissant"},
    {.name = "--audience",
     .kind = OptionKind::choice,
     .value = "WHO",
     .help = "public: without what helps an attacker (MITRE ATLAS AML.M0000, AML.M0001)",
     .preset = "internal",
     .choices = "internal|public"},
    {.name = "--from",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "an earlier card: what people wrote in it is kept (default: --out, where it is a card already)"},
    {.name = "--overwrite",
     .kind = OptionKind::flag,
     .value = {},
     .help = "generated parts that a hand has changed, too"},
    kDocumentOut,
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr PositionalSpec kCard[] = {{.name = "FILE", .help = "a card that 'card make' wrote, Markdown or JSON"}};

constexpr CommandSpec kCommands[] = {
    {.name = "card make",
     .summary = "Model card or data sheet from registry and evidence; made again, it keeps what people wrote",
     .example = "bartizan card make model:fashion --out CARD.md",
     .needs_engine = false,
     .positionals = kAsset,
     .options = kCardOptions},
    {.name = "card check",
     .summary = "Does a card still say what is known? Status 1: it is stale, or a hand is in it",
     .example = "bartizan card check CARD.md",
     .needs_engine = false,
     .positionals = kCard,
     .options = kServerOptions},
    {.name = "export oscal",
     .summary = "OSCAL 1.2 assessment results: evidence as observations, requirements as findings",
     .example = "bartizan export oscal model:fashion --scheme nist-ai-rmf --out results.json",
     .needs_engine = false,
     .positionals = kAsset,
     .options = kExportOptions},
    {.name = "export poam",
     .summary = "OSCAL 1.2 plan of action and milestones: what is failing, stale or unknown",
     .example = "bartizan export poam model:fashion --out plan.json",
     .needs_engine = false,
     .positionals = kAsset,
     .options = kExportOptions},
    {.name = "export cyclonedx",
     .summary = "CycloneDX with model card and attestations, each with its evidence",
     .example = "bartizan export cyclonedx model:fashion --spec 1.7 --out bom.json",
     .needs_engine = false,
     .positionals = kAsset,
     .options = kBillOptions},
    {.name = "export sarif",
     .summary = "SARIF 2.1.0: checks that failed or went stale",
     .example = "bartizan export sarif model:fashion --out controls.sarif",
     .needs_engine = false,
     .positionals = kAsset,
     .options = kExportOptions},
    {.name = "export pack",
     .summary = "The evidence pack: a zip that anybody checks offline with 'ledger verify --pack'",
     .example = "bartizan export pack model:fashion --out evidence.zip",
     .needs_engine = false,
     .positionals = kAsset,
     .options = kPackOptions},
};

}  // namespace
}  // namespace documents_table

std::span<const CommandSpec> documents_commands() { return documents_table::kCommands; }

}  // namespace bartizan::cli

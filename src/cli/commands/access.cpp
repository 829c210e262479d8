/// Who may do what on a server, and what it raised.
#include "cli/commands/tables.h"

#include "cli/commands/server_options.h"

namespace bartizan::cli {
namespace access_table {
namespace {

constexpr OptionSpec kAlertOptions[] = {
    {.name = "--after", .kind = OptionKind::integer, .value = "N", .help = "only those with a higher number"},
    {.name = "--limit", .kind = OptionKind::integer, .value = "N", .help = "the newest N (default: 100)"},
    kServerAddress,
    kServerKey,
    kServerCa};
constexpr OptionSpec kFor = {
    .name = "--for", .kind = OptionKind::text, .value = "PRINCIPAL", .help = "whose (default: your own)"};
constexpr OptionSpec kKeyCreateOptions[] = {
    kFor,
    {.name = "--label", .kind = OptionKind::text, .value = "TEXT", .help = "what it is for"},
    {.name = "--days",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "until it expires; 0: never",
     .preset = "0",
     .high = 3650},
    {.name = "--scope",
     .kind = OptionKind::text,
     .value = "ROLE@OBJECT",
     .help = "all that the key may, as consumer@model:fashion; may be repeated",
     .many = true},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr OptionSpec kKeyListOptions[] = {
    {.name = "--for", .kind = OptionKind::text, .value = "PRINCIPAL", .help = "only those of one principal"},
    kServerAddress,
    kServerKey,
    kServerCa};
constexpr PositionalSpec kKeyId[] = {{.name = "ID", .help = "of the key: the 12 digits after btz_"}};
constexpr PositionalSpec kPrincipal[] = {{.name = "NAME", .help = "of the principal"}};
constexpr OptionSpec kUserAddOptions[] = {
    {.name = "--kind",
     .kind = OptionKind::choice,
     .value = "KIND",
     .help = "a person or a service",
     .preset = "service",
     .choices = "person|service"},
    {.name = "--external",
     .kind = OptionKind::text,
     .value = "ID",
     .help = "who it is elsewhere: jwt:ISSUER#SUBJECT, or cert:SUBJECT of a client certificate"},
    {.name = "--password-file", .kind = OptionKind::path, .value = "FILE", .help = "its password is the first line"},
    kServerAddress,
    kServerKey,
    kServerCa,
};
constexpr OptionSpec kPasswordOptions[] = {{.name = "--password-file",
                                            .kind = OptionKind::path,
                                            .value = "FILE",
                                            .help = "the new password is its first line",
                                            .required = true},
                                           kServerAddress,
                                           kServerKey,
                                           kServerCa};
constexpr PositionalSpec kGranted[] = {
    {.name = "PRINCIPAL", .help = "who"},
    {.name = "ROLE", .help = "what", .choices = "viewer|consumer|data-steward|ml-engineer|security|admin"},
    {.name = "OBJECT", .help = "on what: '*', model:NAME, data:NAME, 'model:*' or 'data:*'"}};
constexpr PositionalSpec kApprovalId[] = {{.name = "ID", .help = "as 'approval list' shows it"}};

constexpr CommandSpec kCommands[] = {
    {.name = "key create",
     .summary = "A new API key, shown once",
     .example = "bartizan key create --for caller --days 90 --scope consumer@model:fashion",
     .needs_engine = false,
     .positionals = {},
     .options = kKeyCreateOptions},
    {.name = "key list",
     .summary = "Which keys there are, and when they were last used",
     .example = "bartizan key list --for caller",
     .needs_engine = false,
     .positionals = {},
     .options = kKeyListOptions},
    {.name = "key revoke",
     .summary = "Ends a key at once",
     .example = "bartizan key revoke 0123456789ab",
     .needs_engine = false,
     .positionals = kKeyId,
     .options = kServerOptions},
    {.name = "user add",
     .summary = "A new principal: a person or a service",
     .example = "bartizan user add caller --kind service",
     .needs_engine = false,
     .positionals = kPrincipal,
     .options = kUserAddOptions},
    {.name = "user list",
     .summary = "Who there is, with roles",
     .example = "bartizan user list",
     .needs_engine = false,
     .positionals = {},
     .options = kServerOptions},
    {.name = "user disable",
     .summary = "Takes all rights away at once",
     .example = "bartizan user disable caller",
     .needs_engine = false,
     .positionals = kPrincipal,
     .options = kServerOptions},
    {.name = "user enable",
     .summary = "Gives them back",
     .example = "bartizan user enable caller",
     .needs_engine = false,
     .positionals = kPrincipal,
     .options = kServerOptions},
    {.name = "user password",
     .summary = "Sets a password; sessions end",
     .example = "bartizan user password anna --password-file new.txt",
     .needs_engine = false,
     .positionals = kPrincipal,
     .options = kPasswordOptions},
    {.name = "role grant",
     .summary = "Gives a principal a role on a model, a data set, or all",
     .example = "bartizan role grant caller consumer model:fashion",
     .needs_engine = false,
     .positionals = kGranted,
     .options = kServerOptions},
    {.name = "role revoke",
     .summary = "Takes a role away",
     .example = "bartizan role revoke caller consumer model:fashion",
     .needs_engine = false,
     .positionals = kGranted,
     .options = kServerOptions},
    {.name = "role list",
     .summary = "What each role may do",
     .example = "bartizan role list",
     .needs_engine = false,
     .positionals = {},
     .options = kServerOptions},
    {.name = "alert list",
     .summary = "What the detectors of a server raised",
     .example = "bartizan alert list --after 12",
     .needs_engine = false,
     .positionals = {},
     .options = kAlertOptions},
    {.name = "alert detectors",
     .summary = "Which detectors watch which version, and why some do not",
     .example = "bartizan alert detectors",
     .needs_engine = false,
     .positionals = {},
     .options = kServerOptions},
    {.name = "approval list",
     .summary = "What waits for a second person",
     .example = "bartizan approval list",
     .needs_engine = false,
     .positionals = {},
     .options = kServerOptions},
    {.name = "approval agree",
     .summary = "Agrees to it: it is done",
     .example = "bartizan approval agree 0123456789abcdef",
     .needs_engine = false,
     .positionals = kApprovalId,
     .options = kServerOptions},
    {.name = "approval reject",
     .summary = "Does not agree",
     .example = "bartizan approval reject 0123456789abcdef",
     .needs_engine = false,
     .positionals = kApprovalId,
     .options = kServerOptions},
};

}  // namespace
}  // namespace access_table

std::span<const CommandSpec> access_commands() { return access_table::kCommands; }

}  // namespace bartizan::cli

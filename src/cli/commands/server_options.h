#pragma once
/// Options of the commands that speak with a server. Constants.

#include "cli/command.h"

namespace bartizan::cli {

inline constexpr OptionSpec kServerAddress = {
    .name = "--server",
    .kind = OptionKind::text,
    .value = "URL",
    .help = "the service (default: BARTIZAN_SERVER, or http://127.0.0.1:8420)"};
constexpr OptionSpec kServerKey = {
    .name = "--key", .kind = OptionKind::text, .value = "KEY", .help = "who you are (default: BARTIZAN_KEY)"};
inline constexpr OptionSpec kServerCa = {.name = "--ca-file",
                                         .kind = OptionKind::path,
                                         .value = "FILE",
                                         .help = "trust the server's certificate by this (PEM)"};
inline constexpr OptionSpec kReason = {
    .name = "--reason", .kind = OptionKind::text, .value = "TEXT", .help = "why; it stands in the ledger"};
inline constexpr OptionSpec kNeededReason = {.name = "--reason",
                                             .kind = OptionKind::text,
                                             .value = "TEXT",
                                             .help = "why; it stands in the ledger",
                                             .required = true};
inline constexpr OptionSpec kVersionNumber = {.name = "--version-number",
                                              .kind = OptionKind::integer,
                                              .value = "N",
                                              .help = "one version alone",
                                              .low = 1,
                                              .high = 1e15};
inline constexpr OptionSpec kAlias = {.name = "--alias",
                                      .kind = OptionKind::text,
                                      .value = "NAME",
                                      .help = "the alias that is moved",
                                      .preset = "production"};
inline constexpr OptionSpec kServerOptions[] = {kServerAddress, kServerKey, kServerCa};

}  // namespace bartizan::cli

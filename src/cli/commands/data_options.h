#pragma once
/// The options of the commands that seal data sets and check the seals: rows of the table in data.cpp.
/// Thread rule: constants.

#include "cli/command.h"
#include "cli/commands/shared_options.h"

namespace bartizan::cli {

inline constexpr PositionalSpec kSealedSet[] = {
    {.name = "DATA", .help = "a folder of files, or the rows of a .csv, .jsonl, .npz or .npy file"}};
inline constexpr PositionalSpec kTwoSets[] = {
    {.name = "BEFORE", .help = "a manifest, or a data set that has one beside it"},
    {.name = "AFTER", .help = "that of the other version"},
};

inline constexpr OptionSpec kManifest = {.name = "--manifest",
                                         .kind = OptionKind::path,
                                         .value = "FILE",
                                         .help = "the manifest (default: DATA.manifest.jsonl)"};
inline constexpr OptionSpec kSeal = {.name = "--seal",
                                     .kind = OptionKind::path,
                                     .value = "FILE",
                                     .help = "its signature (default: the manifest's name and .sig)"};
inline constexpr OptionSpec kSealKey = {.name = "--key",
                                        .kind = OptionKind::path,
                                        .value = "FILE",
                                        .help = "the sealer's public key (PEM)",
                                        .required = true};
inline constexpr OptionSpec kTrustTimes = {.name = "--trust-times",
                                           .kind = OptionKind::flag,
                                           .value = {},
                                           .help = "do not read files again whose size, time and inode are as sealed"};
inline constexpr OptionSpec kChanges = {.name = "--changes",
                                        .kind = OptionKind::path,
                                        .value = "F.jsonl",
                                        .help = "write every difference there, one on a line, however many"};

inline constexpr OptionSpec kDataSealOptions[] = {
    {.name = "--key",
     .kind = OptionKind::text,
     .value = "KEY",
     .help = "private key: a PEM file (Ed25519, EC P-256, P-384, P-521), or a pkcs11: URI",
     .required = true},
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "the manifest; FILE.sig beside it is the seal (default: DATA.manifest.jsonl)"},
    {.name = "--id",
     .kind = OptionKind::text,
     .value = "COLUMN",
     .help = "rows: where their ids are (without: numbered)"},
    {.name = "--label", .kind = OptionKind::text, .value = "COLUMN", .help = "rows: where their labels are"},
    {.name = "--no-labels",
     .kind = OptionKind::flag,
     .value = {},
     .help = "files: the folder that holds a file is not its label"},
    {.name = "--ignore",
     .kind = OptionKind::path,
     .value = "PATH",
     .help = "leave out this file or folder below DATA; may be repeated",
     .many = true},
    {.name = "--source", .kind = OptionKind::text, .value = "TEXT", .help = "who supplied what is new, from where"},
    {.name = "--licence", .kind = OptionKind::text, .value = "SPDX", .help = "on which terms"},
    {.name = "--collected-at", .kind = OptionKind::text, .value = "TIME", .help = "when it was collected"},
    {.name = "--collected-by",
     .kind = OptionKind::text,
     .value = "TEXT",
     .help = "by which program, person or contract"},
    {.name = "--tag",
     .kind = OptionKind::text,
     .value = "TAG",
     .help = "consent or purpose, as consent:research; may be repeated",
     .many = true},
    {.name = "--transformation",
     .kind = OptionKind::text,
     .value = "TEXT",
     .help = "what was done to it, in order; may be repeated",
     .many = true},
    {.name = "--derived-from",
     .kind = OptionKind::text,
     .value = "DATA",
     .help = "a sealed data set that this one was made from, or its name; may be repeated",
     .many = true},
    {.name = "--croissant",
     .kind = OptionKind::path,
     .value = "F.json",
     .help = "the publisher's description (MLCommons Croissant): name, licence, and digests to check"},
    kTrustTimes,
    {.name = "--fresh", .kind = OptionKind::flag, .value = {}, .help = "begin anew, whatever was sealed before"},
    {.name = "--passphrase-file",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "its first line is the key's pass phrase (or BARTIZAN_PASSPHRASE)"},
};

inline constexpr OptionSpec kDataVerifyOptions[] = {kRecord, kSealKey, kManifest, kSeal, kTrustTimes, kChanges};

inline constexpr OptionSpec kDataDiffOptions[] = {
    {.name = "--key",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "the sealer's public key (PEM): both seals must hold (without: they are not checked)"},
    kChanges,
};

inline constexpr OptionSpec kDataWatchOptions[] = {
    kSealKey,
    kManifest,
    kSeal,
    kTrustTimes,
    {.name = "--every",
     .kind = OptionKind::number,
     .value = "SECONDS",
     .help = "verify at least so often",
     .preset = "300",
     .low = 0.1,
     .high = 1e7},
    {.name = "--no-events",
     .kind = OptionKind::flag,
     .value = {},
     .help = "only on schedule, not when the system tells of a change"},
    {.name = "--rounds",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "end after so many (without: at Ctrl-C)",
     .low = 1,
     .high = 1e9},
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "DIR",
     .help = "the newest state: report.html, report.json, report.sarif, junit.xml"},
};

inline constexpr OptionSpec kDataExportOptions[] = {
    kSealKey,
    kManifest,
    kSeal,
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "F.json",
     .help = "the description, as MLCommons Croissant 1.0 (JSON-LD)",
     .required = true},
};

}  // namespace bartizan::cli

#pragma once
/// Positionals and options that commands of several subjects take. Constants.

#include "cli/command.h"

namespace bartizan::cli {

inline constexpr double kMost = 9e18;  // about the largest 64-bit integer
inline constexpr PositionalSpec kModel[] = {
    {.name = "MODEL",
     .help = "an ONNX file (*.onnx), TorchScript (*.pt, *.ts), or http(s)://HOST/v2/models/NAME: scores alone"}};

constexpr OptionSpec kData = {
    .name = "--data",
    .kind = OptionKind::path,
    .value = "PATH[:SPLIT]",
    .help = "labelled data: .npz, .npy pair, IDX, folder of class folders, .csv, or fashion-mnist",
    .required = true};
inline constexpr OptionSpec kLabel = {
    .name = "--label", .kind = OptionKind::text, .value = "COLUMN", .help = "the CSV column that holds the label"};
inline constexpr OptionSpec kLimit = {.name = "--limit",
                                      .kind = OptionKind::integer,
                                      .value = "N",
                                      .help = "only the first N items",
                                      .low = 1,
                                      .high = kMost};
inline constexpr OptionSpec kSample = {.name = "--sample",
                                       .kind = OptionKind::integer,
                                       .value = "N",
                                       .help = "N items, a seeded sample stratified by label",
                                       .low = 1,
                                       .high = kMost};
inline constexpr OptionSpec kMean = {.name = "--mean",
                                     .kind = OptionKind::text,
                                     .value = "M[,M...]",
                                     .help = "per-channel mean that the model subtracts"};
inline constexpr OptionSpec kStd = {.name = "--std",
                                    .kind = OptionKind::text,
                                    .value = "S[,S...]",
                                    .help = "per-channel deviation that the model divides by"};
inline constexpr OptionSpec kRange = {.name = "--range",
                                      .kind = OptionKind::text,
                                      .value = "LO,HI",
                                      .help = "what 0 and 1 of the data become before that, as 0,255"};
inline constexpr OptionSpec kRecord = {
    .name = "--record",
    .kind = OptionKind::text,
    .value = "URL|FILE",
    .help = "send the result as evidence to a server, with the key in BARTIZAN_KEY; or keep it as JSON"};

}  // namespace bartizan::cli

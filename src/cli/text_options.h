#pragma once
/// Options of commands that read texts and of attacks on text. Constants.

#include "cli/command.h"

namespace bartizan::cli {

inline constexpr OptionSpec kTextColumn = {
    .name = "--text",
    .kind = OptionKind::text,
    .value = "COLUMN",
    .help = "the data is text: its column (or key, or number where there is no line of names)"};
inline constexpr OptionSpec kTokenizer = {
    .name = "--tokenizer",
    .kind = OptionKind::path,
    .value = "FILE",
    .help = "tokenizer.json, vocab.txt or SentencePiece .model (default: MODEL.tokenizer.json)"};
inline constexpr OptionSpec kLength = {.name = "--length",
                                       .kind = OptionKind::integer,
                                       .value = "N",
                                       .help = "tokens of a text, cut or padded (default: the model's, else 64)",
                                       .low = 1,
                                       .high = 65'536};
inline constexpr OptionSpec kPolicy = {
    .name = "--policy",
    .kind = OptionKind::text,
    .value = "FILE|default",
    .help = "text: put this normaliser (harden --method text-normalise) in front of what is attacked"};
inline constexpr OptionSpec kEmbeddings = {.name = "--embeddings",
                                           .kind = OptionKind::path,
                                           .value = "FILE",
                                           .help = "text-swap: word vectors as GloVe writes them"};
inline constexpr OptionSpec kGoal = {.name = "--goal",
                                     .kind = OptionKind::choice,
                                     .value = "GOAL",
                                     .help = "text: another label, an answer unlike the clean one, or a word in it",
                                     .preset = "label",
                                     .choices = "label|bleu|word"};
inline constexpr OptionSpec kBleuBelow = {.name = "--bleu-below",
                                          .kind = OptionKind::number,
                                          .value = "B",
                                          .help = "--goal bleu: success at this BLEU or less",
                                          .preset = "0.5",
                                          .high = 1};
inline constexpr OptionSpec kWord = {
    .name = "--word", .kind = OptionKind::text, .value = "WORD", .help = "--goal word: what must appear in the answer"};
inline constexpr OptionSpec kRequestTemplate = {.name = "--request-template",
                                                .kind = OptionKind::text,
                                                .value = "JSON",
                                                .help = "what a service is sent; $TEXT stands for the text",
                                                .preset = R"({"text": "$TEXT"})"};
inline constexpr OptionSpec kAnswerPath = {.name = "--answer-path",
                                           .kind = OptionKind::text,
                                           .value = "POINTER",
                                           .help = "where its answer is, as /result/0/label",
                                           .preset = "/label"};
inline constexpr OptionSpec kConfidencePath = {.name = "--confidence-path",
                                               .kind = OptionKind::text,
                                               .value = "POINTER",
                                               .help = "where its confidence in the answer is, from 0 to 1"};
inline constexpr OptionSpec kHeader = {.name = "--header",
                                       .kind = OptionKind::text,
                                       .value = "NAME: VALUE",
                                       .help = "a header of the requests; may be repeated",
                                       .many = true};
inline constexpr OptionSpec kRequests = {.name = "--requests",
                                         .kind = OptionKind::integer,
                                         .value = "N",
                                         .help = "most requests to a service in all",
                                         .preset = "100000",
                                         .low = 1,
                                         .high = 1e9};
inline constexpr OptionSpec kPerSecond = {.name = "--per-second",
                                          .kind = OptionKind::number,
                                          .value = "R",
                                          .help = "requests a second, at most; 0: no pace",
                                          .preset = "0",
                                          .high = 1e6};

}  // namespace bartizan::cli

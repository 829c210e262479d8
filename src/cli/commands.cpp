/// The table of commands. To add one: a row here, and a handler in apps/engine/handlers.cpp or
/// apps/cli/light_commands.cpp.
#include "cli/command.h"

#include <algorithm>

namespace bartizan::cli {
namespace {

constexpr double kMost = 9e18;  // about the largest 64-bit integer

constexpr OptionSpec kCommon[] = {
    {.name = "--format",
     .kind = OptionKind::choice,
     .value = "F",
     .help = "how the result is printed",
     .preset = "text",
     .choices = "text|json"},
    {.name = "--out", .kind = OptionKind::path, .value = "PATH", .help = "write the result there too"},
    {.name = "--quiet", .kind = OptionKind::flag, .value = {}, .help = "no progress on standard error"},
    {.name = "--seed",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "same seed, inputs and thread count: same numbers",
     .preset = "0",
     .high = kMost},
    {.name = "--threads",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "0: all cores",
     .preset = "0",
     .high = 1024},
    {.name = "--fail-on",
     .kind = OptionKind::choice,
     .value = "SEVERITY",
     .help = "exit status 1 when a finding is at least this severe",
     .preset = "high",
     .choices = "info|low|medium|high|critical|never"},
};
constexpr OptionSpec kEngine[] = {
    {.name = "--device", .kind = OptionKind::text, .value = "DEVICE", .help = "cpu or cuda[:N]", .preset = "cpu"},
};

constexpr PositionalSpec kModel[] = {{.name = "MODEL", .help = "an ONNX file (*.onnx) or TorchScript (*.pt, *.ts)"}};

constexpr OptionSpec kData = {
    .name = "--data",
    .kind = OptionKind::path,
    .value = "PATH[:SPLIT]",
    .help = "labelled data: .npz, .npy pair, IDX, folder of class folders, .csv, or fashion-mnist",
    .required = true};
constexpr OptionSpec kLabel = {
    .name = "--label", .kind = OptionKind::text, .value = "COLUMN", .help = "the CSV column that holds the label"};
constexpr OptionSpec kLimit = {.name = "--limit",
                               .kind = OptionKind::integer,
                               .value = "N",
                               .help = "only the first N items",
                               .low = 1,
                               .high = kMost};
constexpr OptionSpec kSample = {.name = "--sample",
                                .kind = OptionKind::integer,
                                .value = "N",
                                .help = "N items, a seeded sample stratified by label",
                                .low = 1,
                                .high = kMost};
constexpr OptionSpec kMean = {.name = "--mean",
                              .kind = OptionKind::text,
                              .value = "M[,M...]",
                              .help = "per-channel mean that the model subtracts"};
constexpr OptionSpec kStd = {.name = "--std",
                             .kind = OptionKind::text,
                             .value = "S[,S...]",
                             .help = "per-channel deviation that the model divides by"};
constexpr OptionSpec kRange = {.name = "--range",
                               .kind = OptionKind::text,
                               .value = "LO,HI",
                               .help = "what 0 and 1 of the data become before that, as 0,255"};

constexpr OptionSpec kAuditOptions[] = {
    kData,
    {.name = "--train-data",
     .kind = OptionKind::path,
     .value = "PATH[:SPLIT]",
     .help = "what the model was trained on, if it is known"},
    {.name = "--group",
     .kind = OptionKind::text,
     .value = "NAME",
     .help = "compare groups of people: a column, an array of the .npz, or a number cut as age:25,45; may be repeated",
     .many = true},
    {.name = "--group-file",
     .kind = OptionKind::path,
     .value = "F.csv",
     .help = "where the columns named with --group are, one row for each item (default: the data)"},
    {.name = "--plan", .kind = OptionKind::path, .value = "FILE", .help = "YAML: which probes, with which settings"},
    {.name = "--signature",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "the model's signature: an audit of a model that does not verify stops; needs --signer"},
    {.name = "--signer", .kind = OptionKind::path, .value = "FILE", .help = "the signer's public key (PEM)"},
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "DIR",
     .help = "folder for report.html, report.json, report.sarif, junit.xml, examples/",
     .required = true},
    kLabel,
    kLimit,
    kSample,
    kMean,
    kStd,
    kRange,
};

constexpr OptionSpec kAttackOptions[] = {
    {.name = "--list",
     .kind = OptionKind::flag,
     .value = {},
     .help = "print the catalogue of attacks and end",
     .alone = true},
    {.name = "--attack",
     .kind = OptionKind::text,
     .value = "NAME",
     .help = "see bartizan attack --list",
     .required = true},
    kData,
    {.name = "--norm",
     .kind = OptionKind::choice,
     .value = "NORM",
     .help = "how the perturbation is measured",
     .preset = "linf",
     .choices = "linf|l2|l1|l0"},
    {.name = "--eps",
     .kind = OptionKind::number,
     .value = "E",
     .help = "largest perturbation, in data units, as 0.03 or 8/255 (default: 8/255 linf, 0.5 l2, 12 l1)",
     .high = 1e9},
    {.name = "--steps",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "iterations (default: the paper's)",
     .low = 1,
     .high = 1e6},
    {.name = "--restarts", .kind = OptionKind::integer, .value = "N", .help = "random restarts", .low = 1, .high = 1e4},
    {.name = "--queries",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "black-box query budget a sample",
     .low = 1,
     .high = 1e8},
    {.name = "--targeted",
     .kind = OptionKind::flag,
     .value = {},
     .help = "aim at another class (the next one), not just away from the true one"},
    {.name = "--param",
     .kind = OptionKind::text,
     .value = "NAME=VALUE",
     .help = "any other parameter of the attack; may be repeated",
     .many = true},
    {.name = "--out", .kind = OptionKind::path, .value = "F.npz", .help = "arrays x, y, x_adv, success"},
    kLabel,
    kLimit,
    kSample,
    kMean,
    kStd,
    kRange,
};

constexpr OptionSpec kEvaluateOptions[] = {kData, kLabel, kLimit, kSample, kMean, kStd, kRange};

constexpr PositionalSpec kArch[] = {
    {.name = "ARCH", .help = "architecture", .choices = "mlp|cnn-small|resnet18-cifar"}};
constexpr OptionSpec kTrainOptions[] = {
    kData,
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "F.onnx",
     .help = "the trained model; F.onnx.bartizan.yaml beside it says what it expects",
     .required = true},
    {.name = "--epochs",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "passes over the data",
     .preset = "5",
     .low = 1,
     .high = 1e5},
    {.name = "--batch-size",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "items a step",
     .preset = "128",
     .low = 1,
     .high = 1e5},
    {.name = "--lr", .kind = OptionKind::number, .value = "R", .help = "peak learning rate", .low = 1e-9, .high = 100},
    {.name = "--adversarial",
     .kind = OptionKind::flag,
     .value = {},
     .help = "train on PGD examples (Madry et al. 2018) of radius --eps"},
    {.name = "--eps",
     .kind = OptionKind::number,
     .value = "E",
     .help = "linf radius of those examples",
     .preset = "8/255",
     .high = 1},
    {.name = "--steps",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "PGD steps of those examples",
     .preset = "7",
     .low = 1,
     .high = 1000},
    kLabel,
    kLimit,
    kSample,
};

constexpr OptionSpec kHardenOptions[] = {
    {.name = "--list",
     .kind = OptionKind::flag,
     .value = {},
     .help = "print the catalogue of methods and end",
     .alone = true},
    kData,
    {.name = "--method",
     .kind = OptionKind::text,
     .value = "NAME",
     .help = "see bartizan harden --list",
     .required = true},
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "F.onnx",
     .help = "the hardened model; F.onnx.bartizan.yaml beside it says what it expects",
     .required = true},
    {.name = "--test-data",
     .kind = OptionKind::path,
     .value = "PATH[:SPLIT]",
     .help = "what the model is judged by (default: a tenth of --data, held out)"},
    {.name = "--eps",
     .kind = OptionKind::number,
     .value = "E",
     .help = "linf radius, as 0.03 or 8/255 (default: the field's for this kind of data)",
     .high = 1},
    {.name = "--steps",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "gradient steps of the attack in the loop",
     .low = 1,
     .high = 1000},
    {.name = "--epochs",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "passes over the data",
     .preset = "5",
     .low = 1,
     .high = 1e5},
    {.name = "--batch-size",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "items a step",
     .preset = "128",
     .low = 1,
     .high = 1e5},
    {.name = "--lr",
     .kind = OptionKind::number,
     .value = "R",
     .help = "peak learning rate",
     .preset = "0.05",
     .low = 1e-9,
     .high = 100},
    {.name = "--param",
     .kind = OptionKind::text,
     .value = "NAME=VALUE",
     .help = "any other parameter of the method; may be repeated",
     .many = true},
    kLabel,
    kLimit,
    kSample,
    kMean,
    kStd,
    kRange,
};

constexpr PositionalSpec kShell[] = {{.name = "SHELL", .help = "the shell", .choices = "bash|zsh|fish"}};

constexpr PositionalSpec kTwoReports[] = {
    {.name = "BEFORE", .help = "folder of an audit, or its report.json"},
    {.name = "AFTER", .help = "that of the other audit"},
};
constexpr OptionSpec kCompareOptions[] = {
    {.name = "--out", .kind = OptionKind::path, .value = "F.html", .help = "a page with both, side by side"},
    {.name = "--fail-on",
     .kind = OptionKind::choice,
     .value = "SEVERITY",
     .help = "exit status 1 when AFTER has a finding at least this severe that BEFORE lacks",
     .preset = "high",
     .choices = "info|low|medium|high|critical|never"},
};

constexpr PositionalSpec kPaths[] = {
    {.name = "PATH", .help = "model files, archives or folders of them", .many = true}};
constexpr OptionSpec kScanOptions[] = {
    {.name = "--format",
     .kind = OptionKind::choice,
     .value = "F",
     .help = "how the result is printed",
     .preset = "text",
     .choices = "text|json|sarif"},
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "write the result there too, as JSON, or as SARIF with --format sarif"},
    {.name = "--explain",
     .kind = OptionKind::flag,
     .value = {},
     .help = "print what loading each pickle would do, as pseudo-Python"},
    {.name = "--policy",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "YAML: what is accepted, by hash or by rule, with the reason and until when"},
    {.name = "--hashes", .kind = OptionKind::flag, .value = {}, .help = "give the SHA-256 of each file too"},
    {.name = "--diff",
     .kind = OptionKind::flag,
     .value = {},
     .help = "compare two models tensor by tensor: fine-tuned, quantised, or patched in few rows"},
    {.name = "--fetch",
     .kind = OptionKind::flag,
     .value = {},
     .help = "PATH may be an https:// address: it is fetched, scanned and removed"},
    {.name = "--ca-file",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "with --fetch: trust these authorities (PEM) instead of the system's",
     .preset = ""},
    {.name = "--no-sandbox",
     .kind = OptionKind::flag,
     .value = {},
     .help = "read in this process, not in confined children"},
    {.name = "--jobs",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "files read at one time; 0: one for each core",
     .preset = "0",
     .high = 64},
};

constexpr PositionalSpec kArtefact[] = {{.name = "PATH", .help = "a model: a file, or a folder with all its files"}};
constexpr OptionSpec kPassphraseFile = {.name = "--passphrase-file",
                                        .kind = OptionKind::path,
                                        .value = "FILE",
                                        .help = "its first line is the key's pass phrase (or BARTIZAN_PASSPHRASE)"};
constexpr OptionSpec kIgnore = {.name = "--ignore",
                                .kind = OptionKind::path,
                                .value = "PATH",
                                .help = "leave out this file or folder below PATH; may be repeated",
                                .many = true};
constexpr OptionSpec kSignOptions[] = {
    {.name = "--key",
     .kind = OptionKind::text,
     .value = "KEY",
     .help = "private key: a PEM file (EC P-256, P-384, P-521), or a pkcs11: URI",
     .required = true},
    {.name = "--out", .kind = OptionKind::path, .value = "FILE", .help = "the signature file", .preset = "model.sig"},
    kIgnore,
    kPassphraseFile,
    {.name = "--certificate",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "the X.509 certificate of the key (PEM); put into the signature"},
    {.name = "--chain",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "certificates between it and the root (PEM); may be repeated",
     .many = true},
    {.name = "--follow-links",
     .kind = OptionKind::flag,
     .value = {},
     .help = "sign what symbolic links to files lead to (without: links are an error)"},
    {.name = "--scan",
     .kind = OptionKind::flag,
     .value = {},
     .help = "scan the files in the same read, sign nothing that is malicious or incomplete, and attest the verdict"},
    {.name = "--attestation",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "with --scan: the signed verdict (default: the signature file's name and .scan)"},
};
constexpr OptionSpec kVerifyOptions[] = {
    {.name = "--key", .kind = OptionKind::path, .value = "FILE", .help = "the signer's public key (PEM)"},
    {.name = "--root",
     .kind = OptionKind::path,
     .value = "CERT",
     .help = "trust certificates issued by this one (PEM); may be repeated",
     .many = true},
    {.name = "--chain",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "further certificates that may lead to the root; may be repeated",
     .many = true},
    {.name = "--signature",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "the signature file (default: model.sig here, else in PATH)"},
    {.name = "--attestation",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "a signed scan verdict too: it must be of these very files, and by the same signer"},
    kIgnore,
    {.name = "--ignore-unsigned",
     .kind = OptionKind::flag,
     .value = {},
     .help = "files that are not named in the signature do no harm"},
};
constexpr OptionSpec kKeygenOptions[] = {
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "the private key, readable by its owner alone; FILE.pub beside it is the public key",
     .required = true},
    {.name = "--type",
     .kind = OptionKind::choice,
     .value = "TYPE",
     .help = "EC keys sign models, ed25519 seals data",
     .preset = "ec-p256",
     .choices = "ec-p256|ec-p384|ec-p521|ed25519"},
    kPassphraseFile,
};

constexpr OptionSpec kBomOptions[] = {
    {.name = "--spec-version",
     .kind = OptionKind::choice,
     .value = "V",
     .help = "of CycloneDX",
     .preset = "1.7",
     .choices = "1.7|1.6"},
    {.name = "--out",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "write the bill of materials there, and print a summary"},
    {.name = "--scan", .kind = OptionKind::flag, .value = {}, .help = "scan the files too, and attest the verdict"},
    kIgnore,
    {.name = "--follow-links",
     .kind = OptionKind::flag,
     .value = {},
     .help = "read what symbolic links to files lead to (without: they are listed as not read)"},
};

constexpr PositionalSpec kConvertPaths[] = {
    {.name = "IN", .help = "a checkpoint: torch (zip or legacy), npz, npy, ONNX, GGUF, safetensors"},
    {.name = "OUT", .help = "the safetensors file to write"}};

constexpr PositionalSpec kLedgerWords[] = {
    {.name = "ACTION", .help = "what to do", .choices = "verify|show|prove|export"},
    {.name = "FOLDER", .help = "a ledger, or a copy of one", .required = false},
    {.name = "N", .help = "the entry to show or prove, counted from 0", .required = false}};
constexpr OptionSpec kLedgerOptions[] = {
    {.name = "--export", .kind = OptionKind::path, .value = "FOLDER", .help = "an exported copy, in place of FOLDER"},
    {.name = "--key",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "the log's public key, as 'name+id+key' or PEM (without: the one in the folder)"},
    {.name = "--since",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "a signed head that you kept: the log must begin with its entries"},
    {.name = "--proof",
     .kind = OptionKind::path,
     .value = "FILE",
     .help = "verify a proof that 'prove --out' wrote; needs --key"},
    {.name = "--kind", .kind = OptionKind::text, .value = "KIND", .help = "show only entries of this kind"},
    {.name = "--limit",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "show the newest N",
     .preset = "20",
     .low = 1,
     .high = 1e6},
    {.name = "--out", .kind = OptionKind::path, .value = "PATH", .help = "where the verdict, proof or copy goes"},
};

constexpr PositionalSpec kDataSet[] = {
    {.name = "DATA", .help = "PATH[:SPLIT]: .npz, .npy pair, IDX, folder of class folders, .csv, text, fashion-mnist"}};
constexpr OptionSpec kDataCheckOptions[] = {
    {.name = "--against",
     .kind = OptionKind::path,
     .value = "PATH[:SPLIT]",
     .help = "an earlier version: what changed in columns, types, ranges and distributions"},
    {.name = "--other",
     .kind = OptionKind::path,
     .value = "PATH[:SPLIT]",
     .help = "another split, as the test set: items that are in both leak; may be repeated",
     .many = true},
    {.name = "--probabilities",
     .kind = OptionKind::path,
     .value = "F.npz",
     .help = "out-of-fold class probabilities [items, classes], array pred_probs (without: from a small model)"},
    {.name = "--group",
     .kind = OptionKind::text,
     .value = "NAME",
     .help = "who is represented: a column, an array of the .npz, or a number cut as age:25,45; may be repeated",
     .many = true},
    {.name = "--group-file",
     .kind = OptionKind::path,
     .value = "F.csv",
     .help = "where the columns named with --group are, one row for each item (default: the data)"},
    {.name = "--quarantine",
     .kind = OptionKind::path,
     .value = "DIR",
     .help = "write the clean and the suspect part there, apart; nothing is lost"},
    kLabel,
    kLimit,
    kSample,
};

constexpr CommandSpec kCommands[] = {
    {.name = "audit",
     .summary = "The whole pen-test of a model: every probe that the inputs allow, and a report",
     .example = "bartizan audit model.onnx --data test.npz --out audit-report",
     .needs_engine = true,
     .positionals = kModel,
     .options = kAuditOptions},
    {.name = "attack",
     .summary = "One attack on a model: how many inputs can be made to fool it",
     .example = "bartizan attack model.onnx --data test.npz --attack pgd --norm linf --eps 8/255 --steps 40",
     .needs_engine = true,
     .positionals = kModel,
     .options = kAttackOptions},
    {.name = "evaluate",
     .summary = "Clean accuracy, per class, with its interval, and calibration",
     .example = "bartizan evaluate model.onnx --data fashion-mnist:test --format json",
     .needs_engine = true,
     .positionals = kModel,
     .options = kEvaluateOptions},
    {.name = "train",
     .summary = "Trains a small reference model and writes it as ONNX",
     .example = "bartizan train cnn-small --data fashion-mnist:train --out model.onnx --epochs 3",
     .needs_engine = true,
     .positionals = kArch,
     .options = kTrainOptions},
    {.name = "harden",
     .summary = "Makes a model withstand attacks, writes it as ONNX, says what it cost",
     .example = "bartizan harden model.onnx --data train.npz --method trades --eps 8/255 --out hard.onnx",
     .needs_engine = true,
     .positionals = kModel,
     .options = kHardenOptions},
    {.name = "inspect",
     .summary = "What a model is: inputs, outputs, shapes, parameters, operators",
     .example = "bartizan inspect model.onnx",
     .needs_engine = true,
     .positionals = kModel,
     .options = {}},
    {.name = "scan",
     .summary = "What would run when model files are loaded: found without loading them",
     .example = "bartizan scan ~/.cache/huggingface --format sarif --out scan.sarif",
     .needs_engine = false,
     .positionals = kPaths,
     .options = kScanOptions},
    {.name = "convert",
     .summary = "A checkpoint that is proven clean as safetensors: the same tensors, nothing that runs",
     .example = "bartizan convert checkpoint.pt checkpoint.safetensors",
     .needs_engine = false,
     .positionals = kConvertPaths,
     .options = {}},
    {.name = "sign",
     .summary = "Signs every file of a model (OpenSSF Model Signing)",
     .example = "bartizan sign model/ --key signing.key --out model.sig",
     .needs_engine = false,
     .positionals = kArtefact,
     .options = kSignOptions},
    {.name = "verify",
     .summary = "Checks a model against its signature; exit status 1 when it does not hold",
     .example = "bartizan verify model/ --key signing.key.pub --signature model.sig",
     .needs_engine = false,
     .positionals = kArtefact,
     .options = kVerifyOptions},
    {.name = "keygen",
     .summary = "Makes a key pair for signing",
     .example = "bartizan keygen --out signing.key --type ec-p256",
     .needs_engine = false,
     .positionals = {},
     .options = kKeygenOptions},
    {.name = "bom",
     .summary = "A bill of materials: files, digests, data sets, licences, model card, signatures (CycloneDX)",
     .example = "bartizan bom model/ --out model.cdx.json",
     .needs_engine = false,
     .positionals = kArtefact,
     .options = kBomOptions},
    {.name = "compare",
     .summary = "Two audits side by side: what is gone, what is new, what the numbers did",
     .example = "bartizan compare audit-before audit-after --out comparison.html",
     .needs_engine = false,
     .positionals = kTwoReports,
     .options = kCompareOptions},
    {.name = "data check",
     .summary = "What is wrong with a data set: duplicates, wrong labels, outliers, leaks, personal data",
     .example = "bartizan data check train.csv --label income --other test.csv --format json",
     .needs_engine = false,
     .positionals = kDataSet,
     .options = kDataCheckOptions},
    {.name = "ledger",
     .summary = "Checks the audit log offline: nothing was changed, removed or reordered; proves an entry",
     .example = "bartizan ledger verify state/ledger --key log.key",
     .needs_engine = false,
     .positionals = kLedgerWords,
     .options = kLedgerOptions},
    {.name = "doctor",
     .summary = "What is installed, what is missing, how to mend it",
     .example = "bartizan doctor",
     .needs_engine = false,
     .positionals = {},
     .options = {}},
    {.name = "completion",
     .summary = "The completion script of a shell",
     .example = "bartizan completion bash > ~/.local/share/bash-completion/completions/bartizan",
     .needs_engine = false,
     .positionals = kShell,
     .options = {}},
};

constexpr GroupSpec kGroups[] = {
    {.name = "data", .summary = "What is wrong with a data set, who supplied it, what changed since"},
};

const OptionSpec* find_in(std::span<const OptionSpec> options, std::string_view name) {
    const auto found = std::ranges::find(options, name, &OptionSpec::name);
    return found == options.end() ? nullptr : &*found;
}

}  // namespace

std::span<const CommandSpec> commands() { return kCommands; }
std::span<const GroupSpec> groups() { return kGroups; }
std::span<const OptionSpec> common_options() { return kCommon; }
std::span<const OptionSpec> engine_options() { return kEngine; }

const CommandSpec* find_command(std::string_view name) {
    const auto found = std::ranges::find(kCommands, name, &CommandSpec::name);
    return found == std::end(kCommands) ? nullptr : &*found;
}

const GroupSpec* find_group(std::string_view name) {
    const auto found = std::ranges::find(kGroups, name, &GroupSpec::name);
    return found == std::end(kGroups) ? nullptr : &*found;
}

std::vector<std::string_view> members_of(const GroupSpec& group) {
    std::vector<std::string_view> members;
    for (const CommandSpec& command : kCommands)
        if (command.name.starts_with(group.name) && command.name.substr(group.name.size()).starts_with(' '))
            members.push_back(command.name.substr(group.name.size() + 1));
    return members;
}

const OptionSpec* find_option(const CommandSpec& command, std::string_view name) {
    if (const OptionSpec* own = find_in(command.options, name)) return own;
    if (const OptionSpec* common = find_in(kCommon, name)) return common;
    return command.needs_engine ? find_in(kEngine, name) : nullptr;
}

std::vector<std::string_view> split_choices(std::string_view choices) {
    std::vector<std::string_view> parts;
    while (!choices.empty()) {
        const std::size_t bar = std::min(choices.find('|'), choices.size());
        parts.push_back(choices.substr(0, bar));
        choices.remove_prefix(std::min(bar + 1, choices.size()));
    }
    return parts;
}

}  // namespace bartizan::cli

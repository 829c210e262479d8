#include "scan/scan.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "scan/confine.h"
#include "scan/extensions.h"
#include "scan/input.h"
#include "scan/policy.h"
#include "scan/sandbox.h"
#include "scan/say.h"
#include "scan/targets.h"

namespace bartizan::scan {
namespace {

/// What all files that are judged at one time may hold together.
constexpr std::uint64_t kMemoryOfAll = std::uint64_t{32} << 20;
constexpr int kMaxJobs = 64;

void judge_into(FileResult& result, Bytes content, Bytes mapped, const Options& options) {
    result.size = content.size();
    if (content.empty()) {
        result.format = "empty";
        return;
    }
    Budget budget = options.budget;
    Context context{.result = result, .budget = budget, .explain = options.explain, .mapped = mapped};
    judge_content(content, context);
    check_extension(context);
}

void not_read(FileResult& result, std::string_view format, std::string why) {
    Budget budget;
    result.format = format;
    Context{result, budget}.incomplete(std::move(why), 0);
}

/// Piece by piece, each given back when it is done with.
std::string hash_of(Bytes content, Bytes mapped) {
    constexpr std::size_t kPiece = std::size_t{4} << 20;
    FileResult scratch;
    Budget budget;
    const Context context{.result = scratch, .budget = budget, .mapped = mapped};
    crypto::Sha256 hash;
    for (std::size_t at = 0; at < content.size(); at += kPiece) {
        const Bytes piece = content.subspan(at, std::min(kPiece, content.size() - at));
        hash.update(piece);
        give_back(context, piece);
    }
    return crypto::to_hex(hash.finish());
}

FileResult judge_target(const Target& target, const Options& options) {
    if (target.problem.empty()) return scan_file(target.path, options);
    FileResult result{.path = target.path.string(), .format = {}};
    not_read(result, target.format, target.problem);
    return result;
}

/// The files of all targets, each once.
Result<std::vector<Target>> all_targets(std::span<const std::filesystem::path> roots) {
    std::vector<Target> all;
    for (const auto& root : roots)
        for (Target& target : BARTIZAN_TRY(targets_of(root))) all.push_back(std::move(target));
    return all;
}

/// Empty paths where `run` asked to stop before.
std::vector<FileResult> judge_on_threads(const std::vector<Target>& files, std::size_t jobs, const JudgeTarget& judge,
                                         const RunContext& run) {
    std::vector<FileResult> results(files.size());
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> done{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < files.size() && !run.stop_requested(); i = next++) {
            results[i] = judge(files[i]);
            const std::size_t so_far = ++done;
            if (so_far % 64 == 0) run.progress({"scan", so_far, files.size(), "files"});
        }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < jobs; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
    return results;
}

}  // namespace

FileResult scan_bytes(Bytes content, std::string name, const Options& options) {
    FileResult result{.path = std::move(name), .format = {}};
    judge_into(result, content, {}, options);
    return result;
}

FileResult scan_file(const std::filesystem::path& file, const Options& options) {
    FileResult result{.path = file.string(), .format = {}};
    const auto input = Input::open(file);
    if (!input.ok()) {
        not_read(result, "unreadable", input.error().message());
        return result;
    }
    judge_into(result, (*input)->bytes(), (*input)->mapped(), options);
    if (options.hashes || (options.policy != nullptr && options.policy->needs_hashes()))
        result.sha256 = hash_of((*input)->bytes(), (*input)->mapped());
    if ((*input)->changed()) {
        Budget budget;
        Context{result, budget}.incomplete("the file changed while it was read", 0);
    }
    if (options.policy != nullptr) options.policy->apply(result);
    return result;
}

Result<ScanResult> scan(std::span<const std::filesystem::path> targets, const Options& options, const RunContext& run) {
    const std::vector<Target> files = BARTIZAN_TRY(all_targets(targets));
    const auto most = std::clamp<std::size_t>(files.size(), 1, kMaxJobs);
    const auto jobs = std::min(static_cast<std::size_t>(options.jobs > 0 ? options.jobs : run.threads()), most);
    Options each = options;
    each.budget.memory = std::min<std::uint64_t>(each.budget.memory, kMemoryOfAll / jobs);

    ScanResult scan;
    const auto judge = [&each](const Target& target) { return judge_target(target, each); };
    std::optional<std::vector<FileResult>> judged;
    if (options.sandbox) {
        judged = judge_in_sandbox(files, jobs, judge, run);
        if (!judged) scan.unconfined = obstacle_to_confinement();
        if (!judged && scan.unconfined.empty()) scan.unconfined = "no confined process could be started";
    }
    scan.files = judged ? *std::move(judged) : judge_on_threads(files, jobs, judge, run);
    run.progress_finish();

    scan.stopped = std::erase_if(scan.files, [](const FileResult& file) { return file.path.empty(); }) > 0;
    scan.complete = !scan.stopped;
    for (const FileResult& file : scan.files) {
        scan.verdict = worse(scan.verdict, file.verdict);
        scan.complete = scan.complete && file.complete;
        scan.bytes += file.size;
    }
    if (scan.stopped) scan.verdict = worse(scan.verdict, Verdict::incomplete);
    return scan;
}

}  // namespace bartizan::scan

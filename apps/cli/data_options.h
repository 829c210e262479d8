#pragma once
/// What the commands about sealed data sets share: where manifest and seal lie, whom to trust, and how differences are
/// collected without holding millions of them.

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "cli/command.h"
#include "core/json.h"
#include "lineage/findings.h"

namespace bartizan::program {

/// So many differences of a kind are in JSON output, so many in text; --changes FILE has them all.
inline constexpr std::size_t kMostListed = 100'000;
using lineage::kMostShownItems;

struct SealPlace {
    std::filesystem::path manifest, seal;
};
/// As --manifest and --seal say, else beside the data set.
SealPlace seal_place(const cli::Invocation& invocation, const std::string& data_set);

/// The key of --key.
Result<provenance::Trust> sealer_of(const cli::Invocation& invocation);

/// Writes JSON lines to the file of --changes; nothing when there is none. The file appears whole or not at all.
class ChangesFile {
public:
    static Result<ChangesFile> open(const cli::Invocation& invocation);
    Result<void> add(const Json& line);
    Result<void> close();

private:
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::filesystem::path path_;
    std::unique_ptr<std::FILE, Closer> file_;
};

/// The first differences of a verification.
struct Differences {
    std::vector<lineage::Difference> listed;
    bool all = true;
    void add(const lineage::Difference& difference);
};

Json json_of(const lineage::Difference& difference);
/// What a statement says, for JSON output.
Json json_of(const lineage::SealStatement& statement);

}  // namespace bartizan::program

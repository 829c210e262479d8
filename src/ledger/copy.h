#pragma once
/// A ledger as a folder to read: one in use, a plain copy of one, or an export in the layout of C2SP tlog-tiles.
/// Nothing is locked or changed. Thread rule: a plain value.

#include <filesystem>
#include <memory>
#include <string>

#include "bartizan/result.h"
#include "ledger/note.h"
#include "ledger/source.h"
#include "ledger/tiles.h"

namespace bartizan::ledger {

class Copy {
public:
    enum class Layout { ledger, exported };

    /// Fails with `not_found` or `invalid_input` for a folder that is neither.
    static Result<Copy> open(std::filesystem::path folder);

    Layout layout() const { return layout_; }
    const std::filesystem::path& folder() const { return folder_; }
    /// The key that came with the copy: it shows that the copy fits together, not who made it.
    Result<Verifier> own_key() const;
    /// The newest signed head. Fails with `invalid_input` when there is none.
    Result<std::string> head() const;
    /// Entries from the start of the segment or bundle that `from` is in; `first` is the index of the first one.
    struct Entries {
        std::unique_ptr<EntrySource> source;
        std::uint64_t first;
    };
    Entries entries(std::uint64_t size, std::uint64_t from = 0) const;

private:
    Copy(std::filesystem::path folder, Layout layout) : folder_(std::move(folder)), layout_(layout) {}
    std::filesystem::path folder_;
    Layout layout_;
};

/// The whole tree of the first `size` entries, made from the entries, in memory. Fewer when entries are missing.
Result<Tiles> tree_of(const Copy& copy, std::uint64_t size);

/// Writes the entries under the newest head, which `verifier` must have signed, into an empty folder as C2SP
/// tlog-tiles. Fails with `denied` when the entries do not give the signed root.
Result<Checkpoint> export_log(const Copy& copy, const Verifier& verifier, const std::filesystem::path& out);

}  // namespace bartizan::ledger

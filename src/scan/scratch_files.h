#pragma once
/// Files without names that unpacking spills into. A confined process cannot make any: it opens some before.
/// Thread rule: any thread.

namespace bartizan::scan {

/// As many as archives may lie in archives, and one to spare.
inline constexpr int kScratchFiles = 9;

/// Opens `kScratchFiles` and keeps them: from now on `take_scratch_file` gives these alone.
void keep_scratch_files();

/// An empty file open for reading and writing; -1: none can be had.
int take_scratch_file();
/// Done with: what was written is gone.
void give_scratch_file_back(int fd);

}  // namespace bartizan::scan

#pragma once
/// A version's content as a file, for programs that examine it. Thread rule: a plain object.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "core/file.h"
#include "gateway/state.h"

namespace bartizan::gateway {

/// A version in the clear, in a folder of its own that goes with this.
class InTheClear {
public:
    static Result<std::unique_ptr<InTheClear>> make(State& state, const registry::Version& version) {
        std::string name = (state.folder / "run" / "look-XXXXXX").string();
        BARTIZAN_TRY(make_folder(state.folder / "run"));
        if (::mkdtemp(name.data()) == nullptr) return system_failure(errno, "cannot make", name);
        std::unique_ptr<InTheClear> out(new InTheClear(name));
        out->file = out->folder_ / version.file_name;
        BARTIZAN_TRY(write_pieces_atomically(out->file, [&](const AppendBytes& append) {
            return state.registry->read(version.id, "", registry::Reader::security, [&](std::string_view piece) {
                return append(std::as_bytes(std::span(piece)));
            });
        }));
        return out;
    }
    ~InTheClear() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    std::filesystem::path beside(const std::string& name) const { return folder_ / name; }
    std::filesystem::path file;

private:
    explicit InTheClear(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path folder_;
};

}  // namespace bartizan::gateway

#include <array>
#include <cstring>

#include "core/file.h"
#include "model/model.h"
#include "model/torchscript_model.h"

namespace bartizan::model {
namespace {

/// A zip archive, which TorchScript is and ONNX is not.
bool is_zip(std::span<const std::byte> bytes) {
    constexpr std::array<unsigned char, 4> kLocalHeader = {'P', 'K', 3, 4};
    return bytes.size() >= kLocalHeader.size() &&
           std::memcmp(bytes.data(), kLocalHeader.data(), kLocalHeader.size()) == 0;
}

}  // namespace

Result<std::unique_ptr<Model>> load(const std::filesystem::path& path, const graph::Limits& limits) {
    const std::string place = "model '" + path.string() + "'";
    const auto file = MappedFile::open(path);
    if (!file.ok()) return file.error();
    if (is_zip((*file)->bytes())) return load_torchscript(path).within(place);
    graph::Graph graph = BARTIZAN_TRY(graph::load_onnx(path, limits));
    return from_graph(std::move(graph)).within(place);
}

}  // namespace bartizan::model

#pragma once
/// Files with tensors for tests, written here and not by what is tested.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "scan/scan_testing.h"

namespace bartizan::scan {

template <class T>
std::string bytes_of(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

struct NamedTensor {
    std::string name, type;
    std::vector<std::uint64_t> shape;
    std::string content;
};

inline std::string safetensors_of(const std::vector<NamedTensor>& tensors) {
    std::string header = "{", data;
    for (const NamedTensor& tensor : tensors) {
        std::string shape;
        for (const std::uint64_t extent : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(extent);
        header += (header.size() > 1 ? ",\"" : "\"") + tensor.name + R"(":{"dtype":")" + tensor.type +
                  R"(","shape":[)" + shape + R"(],"data_offsets":[)" + std::to_string(data.size()) + "," +
                  std::to_string(data.size() + tensor.content.size()) + "]}";
        data += tensor.content;
    }
    header += "}";
    return number(header.size(), 8) + header + data;
}

/// A folder that is removed at the end of the test.
class TensorFolder {
public:
    TensorFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-tensors-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TensorFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TensorFolder(const TensorFolder&) = delete;
    TensorFolder& operator=(const TensorFolder&) = delete;

    std::filesystem::path write(const std::string& name, const std::string& content) const {
        const auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace bartizan::scan

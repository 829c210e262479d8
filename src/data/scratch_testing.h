#pragma once
/// What the tests of `data` share: the fixture folder, a folder of their own, and files made in it.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/file.h"
#include "data/dataset.h"
#include "formats/npz.h"

namespace bartizan::data {

inline std::string fixture(std::string_view name) {
    return std::string(BARTIZAN_SOURCE_DIR "/tests/fixtures/data/") + std::string(name);
}

/// A folder that is gone after the test.
class Scratch : public testing::Test {
protected:
    Scratch()
        : folder_(std::filesystem::path(testing::TempDir()) /
                  ("bartizan-data-" + std::to_string(::getpid()) + "-" +
                   testing::UnitTest::GetInstance()->current_test_info()->name())) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~Scratch() override { std::filesystem::remove_all(folder_); }

    std::string path(std::string_view name) const { return (folder_ / name).string(); }

    std::string write(std::string_view name, std::string_view content) const {
        const std::filesystem::path file = folder_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream out(file, std::ios::binary);  // without waiting for the disk: tests write by the thousand
        EXPECT_TRUE(out.write(content.data(), std::ssize(content)).flush().good()) << file;
        return file.string();
    }

    template <class X, class Y>
    std::string write_xy(const Shape& shape, const std::vector<X>& x, const std::vector<Y>& y) const {
        const NdArray labels = *NdArray::from<Y>({std::ssize(y)}, y);
        EXPECT_TRUE(formats::write_npz(path("set.npz"), {{"x", *NdArray::from<X>(shape, x)}, {"y", labels}}).ok());
        return path("set.npz");
    }

    /// The line of the error that opening, or else reading, ends with.
    static std::string refusal(const std::string& spec, const OpenOptions& options = {}) {
        const auto dataset = open(spec, options);
        if (!dataset.ok()) return dataset.error().line();
        const auto batch = read_all(**dataset);
        return batch.ok() ? "" : batch.error().line();
    }

private:
    std::filesystem::path folder_;
};

}  // namespace bartizan::data

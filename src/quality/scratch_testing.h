#pragma once
/// What the tests of `quality` share: a folder of their own, and subjects made in it.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/file.h"
#include "quality/check.h"

namespace bartizan::quality {

/// A folder that is gone after the test.
class Scratch : public testing::Test {
protected:
    Scratch()
        : folder_(std::filesystem::path(testing::TempDir()) /
                  ("bartizan-quality-" + std::to_string(::getpid()) + "-" +
                   testing::UnitTest::GetInstance()->current_test_info()->name())) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~Scratch() override { std::filesystem::remove_all(folder_); }

    std::string path(std::string_view name) const { return (folder_ / name).string(); }

    std::string write(std::string_view name, std::string_view content) const {
        std::ofstream out(folder_ / name, std::ios::binary);
        EXPECT_TRUE(out.write(content.data(), std::ssize(content)).flush().good());
        return path(name);
    }

    static std::string content(const std::string& file) { return *read_file(file, 1 << 24); }

    Subject subject(std::string_view csv, std::string_view label = "") const {
        data::OpenOptions options;
        options.label_column = label;
        auto read = read_subject(write("subject.csv", csv), options);
        EXPECT_TRUE(read.ok()) << read.error().line();
        return std::move(read).value();
    }

    static const Issue* find(const std::vector<Issue>& issues, std::string_view kind) {
        for (const Issue& issue : issues)
            if (issue.kind == kind) return &issue;
        return nullptr;
    }

private:
    std::filesystem::path folder_;
};

}  // namespace bartizan::quality

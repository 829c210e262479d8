#pragma once
/// For tests: a folder of its own, and the `openssl` program as the other party.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace bartizan::crypto {

class WithFolder : public testing::Test {
protected:
    WithFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
    }
    ~WithFolder() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::filesystem::path write(const std::string& name, const std::string& content) const {
        const std::filesystem::path path = folder_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    std::string read(const std::string& name) const {
        std::ostringstream content;
        content << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
        return content.str();
    }
    /// Runs `openssl WORDS` in the folder; true when it succeeds.
    bool openssl(const std::string& words) const {
        return std::system(("cd '" + folder_.string() + "' && openssl " + words + " >/dev/null 2>&1").c_str()) == 0;
    }
    static bool has_openssl() { return std::system("openssl version >/dev/null 2>&1") == 0; }

    std::filesystem::path folder_;
};

}  // namespace bartizan::crypto

#pragma once
/// What the tests of `lineage` share: a folder of their own with a data set in it, and a key to seal it with.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "lineage/seal.h"
#include "lineage/verify.h"

namespace bartizan::lineage {

/// A folder that is gone after the test.
class Scratch : public testing::Test {
protected:
    Scratch()
        : folder_(std::filesystem::path(testing::TempDir()) /
                  ("bartizan-lineage-" + std::to_string(::getpid()) + "-" +
                   testing::UnitTest::GetInstance()->current_test_info()->name())) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~Scratch() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path path(std::string_view name) const { return folder_ / name; }

    std::filesystem::path write(std::string_view name, std::string_view content) const {
        const std::filesystem::path file = path(name);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream out(file, std::ios::binary);
        EXPECT_TRUE(out.write(content.data(), std::ssize(content)).flush().good()) << file;
        return file;
    }
    std::string read(std::string_view name) const {
        std::ostringstream out;
        out << std::ifstream(path(name), std::ios::binary).rdbuf();
        return out.str();
    }
    std::vector<std::string> lines(std::string_view name) const {
        std::vector<std::string> out;
        std::ifstream in(path(name));
        for (std::string line; std::getline(in, line);) out.push_back(line);
        return out;
    }

private:
    std::filesystem::path folder_;
};

/// The data set `set` with three files, and what seals and verifies it.
class SealedSet : public Scratch {
protected:
    SealedSet() {
        write("set/cat/1.png", "one");
        write("set/cat/2.png", "two");
        write("set/dog/1.png", "three");
    }

    SealRequest request(std::string_view set = "set") const {
        SealRequest out;
        out.data_set = path(set);
        out.manifest = default_manifest(out.data_set);
        out.seal = default_seal(out.manifest);
        out.reading.unit = *unit_of(out.data_set);
        out.sealed_at = "2026-01-02T03:04:05Z";
        return out;
    }
    Result<Sealed> seal_it(const SealRequest& what) const { return seal(what, key_, RunContext()); }

    VerifyRequest check(std::string_view set = "set") const {
        VerifyRequest out;
        out.data_set = path(set);
        out.manifest = default_manifest(out.data_set);
        out.seal = default_seal(out.manifest);
        out.trust.key = key_.public_key();
        out.trust.kinds = provenance::KeyKinds::all;
        return out;
    }
    /// "changed cat/1.png (content)", one for each difference.
    std::vector<std::string> differences(const VerifyRequest& what) {
        std::vector<std::string> out;
        const auto verdict = verify(what, RunContext(), [&](const Difference& difference) -> Result<void> {
            out.push_back(std::string(to_string(difference.change)) + " " + difference.id +
                          (difference.what.empty() ? "" : " (" + difference.what + ")"));
            return {};
        });
        EXPECT_TRUE(verdict.ok()) << verdict.error().line();
        if (verdict.ok()) verdict_ = *verdict;
        return out;
    }

    const crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    Verdict verdict_;
};

}  // namespace bartizan::lineage

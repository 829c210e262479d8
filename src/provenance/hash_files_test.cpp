#include "provenance/hash_files.h"

#include "crypto/shell_testing.h"

namespace bartizan::provenance {
namespace {

class HashFiles : public crypto::WithFolder {};

TEST_F(HashFiles, GiveTheDigestOfEachInOrder) {
    std::vector<TreeFile> files;
    std::vector<std::string> contents = {"", "abc", std::string(kHashBuffer, 'x'),
                                         std::string(3 * kHashBuffer + 17, 'y')};
    for (std::size_t i = 0; i < contents.size(); ++i)
        files.push_back({std::to_string(i), write(std::to_string(i), contents[i]), contents[i].size()});
    for (const int threads : {1, 2, 8}) {
        const auto digests = hash_files(files, Links::refuse, RunContext({.threads = threads}));
        ASSERT_EQ(digests.size(), files.size());
        for (std::size_t i = 0; i < files.size(); ++i)
            EXPECT_EQ(*digests[i], crypto::sha256(std::as_bytes(std::span(contents[i])))) << i;
    }
}

TEST_F(HashFiles, TellWhatCannotBeReadAndReadTheRest) {
    const auto good = write("good", "abc");
    std::filesystem::create_symlink("good", folder_ / "link");
    const std::vector<TreeFile> files = {
        {"none", folder_ / "none", 1}, {"link", folder_ / "link", 1}, {"good", good, 3}};
    const auto digests = hash_files(files, Links::refuse, RunContext());
    EXPECT_EQ(digests[0].error().code(), Errc::not_found);
    EXPECT_NE(digests[1].error().line().find("symbolic link"), std::string::npos);
    EXPECT_TRUE(digests[2].ok());
    EXPECT_TRUE(hash_files(files, Links::follow_to_files, RunContext())[1].ok());
}

TEST_F(HashFiles, StopWhenAsked) {
    CancelToken cancel;
    cancel.cancel();
    const std::vector<TreeFile> files = {{"a", write("a", "abc"), 3}};
    EXPECT_EQ(hash_files(files, Links::refuse, RunContext({.cancel = &cancel}))[0].error().code(), Errc::cancelled);
}

/// Writes to a file while it is being hashed.
class Meddler final : public ProgressSink {
public:
    explicit Meddler(std::filesystem::path path) : path_(std::move(path)) {}
    void update(const Progress& /*progress*/) override { std::ofstream(path_, std::ios::app) << "more"; }

private:
    std::filesystem::path path_;
};

TEST_F(HashFiles, RefuseAFileThatChangesMeanwhile) {
    const auto path = write("big", std::string(std::size_t{9} << 20, 'z'));
    Meddler meddler(path);
    const std::vector<TreeFile> files = {{"big", path, std::size_t{9} << 20}};
    const auto digests = hash_files(files, Links::refuse, RunContext({.progress = &meddler}));
    ASSERT_FALSE(digests[0].ok());
    EXPECT_NE(digests[0].error().line().find("changed while it was read"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::provenance

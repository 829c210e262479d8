#include "apps/cli/record.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "apps/cli/engine_program.h"
#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/file.h"
#include "crypto/hash.h"

extern char** environ;

namespace bartizan::program {
namespace record {
namespace {

constexpr std::uint64_t kLargestReport = std::uint64_t{64} << 20;

/// A file that goes with this.
class Scratch {
public:
    static Result<Scratch> make() {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-record-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) return system_failure(errno, "cannot make", name);
        return Scratch(name);
    }
    Scratch(Scratch&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    ~Scratch() {
        std::error_code ignored;
        if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
    }
    std::filesystem::path file() const { return folder_ / "document.json"; }

private:
    explicit Scratch(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path folder_;
};

/// The same words, with a file in place of the server.
std::vector<std::string> redirected(const std::vector<std::string>& words, const std::string& file) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].starts_with("--record=")) {
            out.push_back("--record=" + file);
        } else if (words[i] == "--record" && i + 1 < words.size()) {
            out.push_back(words[i]);
            out.push_back(file);
            ++i;
        } else {
            out.push_back(words[i]);
        }
    }
    return out;
}

/// With our standard streams. Ctrl-C is for the child: what it finished is still recorded.
Result<int> run(const std::vector<std::string>& words) {
    std::vector<std::string> owned{BARTIZAN_TRY(find_commands()).string()};
    owned.insert(owned.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& word : owned) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = -1;
    if (::posix_spawn(&child, owned[0].c_str(), nullptr, nullptr, arguments.data(), environ) != 0)
        return Error(Errc::unavailable, "'" + owned[0] + "' does not start");
    ::signal(SIGINT, SIG_IGN);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Of the file that the command looks at; "" for the ledger, which is the organisation's, and for a drill, whose
/// document says what it was of.
Result<std::string> digest_of(const cli::Invocation& invocation) {
    if (invocation.command->name == "ledger" || invocation.command->name == "drill") return std::string();
    std::string path = invocation.positional(0);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) path = path.substr(0, path.rfind(':'));  // PATH:SPLIT
    if (!std::filesystem::is_regular_file(path, ignored))
        return invalid_input("--record needs one file to bind the evidence to, and '" + path + "' is none",
                             "record what was found with 'bartizan evidence add' and --subject");
    return crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(path)));
}

}  // namespace
}  // namespace record

bool records_on_server(const cli::Invocation& invocation) {
    const std::string target = invocation.text("record");
    return target.starts_with("http://") || target.starts_with("https://");
}

Result<int> run_and_record(const cli::Invocation& invocation, const std::vector<std::string>& words) {
    auto client = BARTIZAN_TRY_WITHIN(ServiceClient::at(invocation.text("record")), "--record");
    const std::string digest = BARTIZAN_TRY(record::digest_of(invocation));
    const auto scratch = BARTIZAN_TRY(record::Scratch::make());
    const int status = BARTIZAN_TRY(record::run(record::redirected(words, scratch.file().string())));
    std::error_code ignored;
    if (!std::filesystem::exists(scratch.file(), ignored)) return status;  // it has said why
    const auto answer = BARTIZAN_TRY_WITHIN(client.send("POST", "/v1/evidence/reports?digest=" + digest,
                                                        BARTIZAN_TRY(read_file(scratch.file(), record::kLargestReport)),
                                                        {{"Content-Type", "application/json"}}),
                                            "--record");
    for (const Json& one : answer.value("evidence", Json::array()))
        if (!invocation.flag("quiet"))
            fmt::print(stderr, "bartizan: recorded {} {} {} of {}\n", cli::printable(one.value("id", "")),
                       cli::printable(one.value("check", "")), cli::printable(one.value("verdict", "")),
                       cli::printable(one.value("subject", "")));
    return status;
}

}  // namespace bartizan::program

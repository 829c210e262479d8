#include "apps/cli/signing_options.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "provenance/file_tree.h"

namespace bartizan::program {

Result<crypto::Passphrase> passphrase_of(const cli::Invocation& invocation) {
    if (invocation.has("passphrase-file"))
        return crypto::Passphrase(BARTIZAN_TRY(crypto::Secret::from_file(invocation.text("passphrase-file"))));
    const char* given = std::getenv("BARTIZAN_PASSPHRASE");
    if (given == nullptr || *given == '\0') return crypto::Passphrase();
    return crypto::Passphrase(crypto::Secret(given));
}

Result<std::vector<crypto::Certificate>> certificates_of(const cli::Invocation& invocation, const char* option) {
    std::vector<crypto::Certificate> all;
    for (const std::string& path : invocation.list(option)) {
        const auto some = BARTIZAN_TRY_WITHIN(crypto::Certificate::list_from_file(path), "--" + std::string(option));
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

Result<std::vector<std::string>> ignored_of(const cli::Invocation& invocation, const std::string& model) {
    std::vector<std::string> names;
    for (const std::string& path : invocation.list("ignore"))
        names.push_back(BARTIZAN_TRY_WITHIN(provenance::name_below(model, path), "--ignore"));
    return names;
}

Work::Work(const cli::Invocation& invocation)
    : progress_(stderr, progress_style_for_stderr(invocation.flag("quiet"))),
      context_(
          RunContext::Options{.threads = static_cast<int>(invocation.integer("threads", 0)), .progress = &progress_}) {}

std::time_t document_time() {
    if (const char* told = std::getenv("SOURCE_DATE_EPOCH")) {
        long long seconds = 0;
        const auto [end, error] = std::from_chars(told, told + std::strlen(told), seconds);
        if (error == std::errc() && *end == '\0') return static_cast<std::time_t>(seconds);
    }
    return std::time(nullptr);
}

}  // namespace bartizan::program

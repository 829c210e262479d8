/// `bartizan data check DATA`: what is wrong with a data set.
#include <cstdio>
#include <optional>

#include "apps/cli/light_commands.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/progress.h"
#include "quality/check.h"
#include "quality/output.h"
#include "quality/quarantine.h"

namespace bartizan::program {
namespace {

std::optional<std::int64_t> given(const cli::Invocation& invocation, const char* option) {
    if (!invocation.has(option)) return std::nullopt;
    return invocation.integer(option, 0);
}

quality::CheckOptions options_of(const cli::Invocation& invocation) {
    quality::CheckOptions options{.others = invocation.list("other"),
                                  .against = invocation.text("against"),
                                  .probabilities = invocation.text("probabilities"),
                                  .groups = invocation.list("group"),
                                  .group_file = invocation.text("group-file")};
    options.open.label_column = invocation.text("label");
    options.open.limit = given(invocation, "limit");
    options.open.sample = given(invocation, "sample");
    options.open.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0));
    return options;
}

}  // namespace

Result<int> data_check(const cli::Invocation& invocation) {
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const std::string spec = invocation.positional(0);
    const quality::CheckOptions options = options_of(invocation);
    const bool parts = invocation.has("quarantine");
    if (parts && (options.open.limit || options.open.sample))
        return invalid_input("--quarantine needs all items, so that none is lost", "leave --limit and --sample out");
    if (parts) BARTIZAN_TRY(cli::check_writable_folder(invocation.text("quarantine")));
    TextProgress progress(stderr, progress_style_for_stderr(invocation.flag("quiet")));
    const RunContext run({.seed = options.open.seed,
                          .threads = static_cast<int>(invocation.integer("threads", 0)),
                          .progress = &progress});
    const quality::CheckReport report = BARTIZAN_TRY_WITHIN(quality::check(spec, options, run), "data '" + spec + "'");
    std::optional<quality::Parted> parted;
    if (parts)
        parted = BARTIZAN_TRY_WITHIN(quality::quarantine(spec, options.open, report, invocation.text("quarantine")),
                                     "--quarantine");
    Json document = cli::document(invocation);
    quality::add_to(document, report, parted);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(document)));
    BARTIZAN_TRY(cli::print(invocation, document, quality::to_text(report, parted, cli::printable)));
    const auto gate = severity_from(invocation.text("fail-on"));
    const auto gravest = quality::gravest(report);
    return gate && gravest && *gravest >= *gate ? 1 : 0;
}

}  // namespace bartizan::program

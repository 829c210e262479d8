#include "quality/quarantine.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "core/random.h"
#include "formats/npy.h"
#include "formats/npz.h"
#include "formats/zip.h"
#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::HasSubstr;

class Quarantine : public Scratch {
protected:
    /// A report that names each item of `file` suspect with a chance of a third.
    CheckReport drawn(const std::string& file, std::uint64_t seed, data::OpenOptions open = {}) const {
        auto report = check(file, {.open = std::move(open)}, RunContext({.threads = 1}));
        EXPECT_TRUE(report.ok()) << report.error().line();
        Random random(seed, 0);
        report->issues = {{.kind = "outlier", .suspect = true}};
        report->suspects.clear();
        for (std::int64_t item = 0; item < report->items; ++item)
            if (random.below(3) == 0) report->suspects.push_back(item);
        report->issues[0].indices = report->suspects;
        return *std::move(report);
    }

    /// Both parts of a file of lines, put together again by what reasons.json says. `head`: what belongs to both.
    std::string rejoined(const std::string& folder, const std::string& ending, const std::vector<std::size_t>& lengths,
                         std::size_t head) const {
        std::map<std::int64_t, bool> suspect;
        const Json reasons = *parse_json(content(folder + "/reasons.json"), {});
        for (const Json& entry : reasons["suspects"]) suspect[entry["item"].get<std::int64_t>()] = true;
        const std::string parts[] = {content(folder + "/clean" + ending), content(folder + "/suspect" + ending)};
        EXPECT_EQ(parts[0].substr(0, head), parts[1].substr(0, head));
        std::size_t at[] = {head, head};
        std::string out = parts[0].substr(0, head);
        for (std::size_t i = 0; i < lengths.size(); ++i) {
            const std::size_t part = suspect.contains(std::int64_t(i)) ? 1 : 0;
            out += parts[part].substr(at[part], lengths[i]);
            at[part] += lengths[i];
        }
        EXPECT_EQ(at[0], parts[0].size()) << "nothing is left over";
        EXPECT_EQ(at[1], parts[1].size());
        return out;
    }
};

/// A file of `count` records, some over two lines, some behind blank lines, the last perhaps without its end.
struct Made {
    std::string text;
    std::vector<std::size_t> lengths;
    std::size_t head = 0;
};

Made made_lines(const std::string& ending, std::uint64_t seed) {
    Random random(seed, 1);
    Made made;
    const std::string eol = random.below(2) == 0 ? "\n" : "\r\n";
    if (random.below(3) == 0) made.text = "\xEF\xBB\xBF";
    if (ending == ".csv") made.text += "name,note" + eol;
    made.head = made.text.size();
    const std::size_t count = 1 + random.below(40);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t begin = made.text.size();
        const std::string id = std::to_string(i);
        if (ending == ".csv")
            made.text += "n" + id + (random.below(4) == 0 ? ",\"two" + eol + "lines, \"\"quoted\"\"\"" : ",caf\xe9");
        else if (ending == ".txt")
            made.text += "line " + id + std::string(random.below(5), ' ') + "\xc3\xa9";
        else
            made.text += "{\"a\": " + id + ", \"b\": \"\\n\"}";
        const bool last = i + 1 == count;
        if (!last || random.below(2) == 0) made.text += eol;
        while (!last && random.below(5) == 0) made.text += eol;  // blank lines belong to the record before
        made.lengths.push_back(made.text.size() - begin);
    }
    return made;
}

TEST_F(Quarantine, OfLinesLosesNoByteWhateverTheFile) {
    for (const std::string ending : {".csv", ".txt", ".jsonl", ".ndjson"})
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            const Made made = made_lines(ending, seed);
            const std::string file = write("d" + std::to_string(seed) + ending, made.text);
            const CheckReport report = drawn(file, seed);
            ASSERT_EQ(report.items, std::ssize(made.lengths));
            const std::string folder = path("q" + ending + std::to_string(seed));
            const auto parted = quarantine(file, {}, report, folder);
            ASSERT_TRUE(parted.ok()) << parted.error().line();
            EXPECT_EQ(rejoined(folder, ending, made.lengths, made.head), made.text) << ending << " " << seed;
            EXPECT_EQ(parted->clean_items + parted->suspect_items, report.items);
        }
}

TEST_F(Quarantine, OfArraysKeepsEveryRowAndType) {
    std::vector<double> x;
    std::vector<std::int16_t> small;
    for (int i = 0; i < 60; ++i) {
        for (int k = 0; k < 3; ++k) x.push_back(i / 7.0 + k);
        small.push_back(static_cast<std::int16_t>(-i));
    }
    const std::string zip = *formats::make_zip(std::vector<std::pair<std::string, std::string>>{
        {"x.npy", *formats::make_npy(*NdArray::from<double>({60, 3}, x))},
        {"extra.npy", *formats::make_npy(*NdArray::from<std::int16_t>({60}, small))}});
    const std::string file = write("d.npz", zip);
    const CheckReport report = drawn(file, 3);
    ASSERT_TRUE(quarantine(file, {}, report, path("q")).ok());
    std::vector<std::int64_t> seen;
    for (const char* part : {"q/clean.npz", "q/suspect.npz"}) {
        const formats::Npz npz = *formats::Npz::open(path(part));
        const NdArray ids = *npz.array("ids"), values = *npz.array("x"), extra = *npz.array("extra");
        ASSERT_EQ(values.dtype(), DType::f64);
        ASSERT_EQ(extra.dtype(), DType::i16);
        for (std::size_t i = 0; i < ids.values<std::int64_t>().size(); ++i) {
            const std::int64_t id = ids.values<std::int64_t>()[i];
            seen.push_back(id);
            EXPECT_EQ(values.values<double>()[i * 3 + 2], x[std::size_t(id) * 3 + 2]);
            EXPECT_EQ(extra.values<std::int16_t>()[i], small[std::size_t(id)]);
        }
    }
    std::ranges::sort(seen);
    ASSERT_EQ(seen.size(), 60U);
    for (std::int64_t i = 0; i < 60; ++i) EXPECT_EQ(seen[std::size_t(i)], i);
}

TEST_F(Quarantine, NamesAReasonForEverySuspectHoweverMany) {
    std::string text;
    for (int i = 0; i < 120'000; ++i) text += "same\n";
    const std::string file = write("d.txt", text);
    CheckReport report{.info = {.format = "text", .path = file}, .items = 120'000};
    for (std::int64_t item = 1; item < report.items; ++item) report.suspects.push_back(item);
    report.issues = {{.kind = "exact_duplicate", .indices = report.suspects, .suspect = true}};
    const auto parted = quarantine(file, {}, report, path("q"));
    ASSERT_TRUE(parted.ok()) << parted.error().line();
    EXPECT_EQ(parted->clean_items, 1);
    EXPECT_EQ(parse_json(content(path("q/reasons.json")), {})->at("suspects").size(), 119'999U);
}

TEST_F(Quarantine, RefusesAPartAFullFolderAndDataThatChanged) {
    const std::string file = write("d.txt", "a\nb\nc\n");
    const CheckReport report = drawn(file, 1);
    data::OpenOptions some;
    some.limit = 2;
    EXPECT_THAT(quarantine(file, some, report, path("q")).error().line(), HasSubstr("--limit"));
    EXPECT_FALSE(std::filesystem::exists(path("q")));
    ASSERT_TRUE(quarantine(file, {}, report, path("q")).ok());
    EXPECT_THAT(quarantine(file, {}, report, path("q")).error().line(), HasSubstr("is there already"));
    write("d.txt", "a\nb\n");
    EXPECT_EQ(quarantine(file, {}, report, path("r")).error().code(), Errc::conflict);
}

}  // namespace
}  // namespace bartizan::quality

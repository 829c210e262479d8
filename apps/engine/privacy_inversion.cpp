/// `bartizan privacy --invert DIR`: what a model takes for typical of each class, and whether that is like its members.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "apps/engine/explain_methods.h"
#include "apps/engine/picture_sheet.h"
#include "apps/engine/privacy_parts.h"
#include "attacks/inversion.h"
#include "cli/output.h"
#include "core/file.h"
#include "explain/methods.h"

namespace bartizan::engine {
namespace class_inversion {
namespace {

using Means = std::vector<std::vector<double>>;

constexpr double kCertain = 0.01;

/// Of each class among the members; empty for classes without any.
Means class_means(const PrivacyPool& pool, std::int64_t classes, std::size_t width) {
    Means sums(static_cast<std::size_t>(classes));
    std::vector<double> count(sums.size(), 0);
    for (std::size_t row = 0; row < pool.members; ++row) {
        const auto c = static_cast<std::size_t>(pool.batch.y[row]);
        if (c >= sums.size()) continue;
        sums[c].resize(width, 0);
        count[c] += 1;
        const auto x = pool.batch.x.values<float>().subspan(row * width, width);
        for (std::size_t d = 0; d < width; ++d) sums[c][d] += x[d];
    }
    for (std::size_t c = 0; c < sums.size(); ++c)
        for (double& value : sums[c]) value /= count[c];
    return sums;
}

/// Pearson's correlation.
double likeness(std::span<const double> a, std::span<const double> b) {
    const auto n = static_cast<double>(a.size());
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (std::size_t d = 0; d < a.size(); ++d) ma += a[d] / n, mb += b[d] / n;
    for (std::size_t d = 0; d < a.size(); ++d) {
        ab += (a[d] - ma) * (b[d] - mb);
        aa += (a[d] - ma) * (a[d] - ma);
        bb += (b[d] - mb) * (b[d] - mb);
    }
    return aa == 0 || bb == 0 ? 0 : ab / std::sqrt(aa * bb);
}

struct Match {
    std::vector<double> own;              ///< likeness of each image to its own class's mean, by what sets classes apart
    std::vector<std::int64_t> nearest;    ///< the class whose mean it is most like
    std::int64_t hits = 0, classes = 0;
    double mean = 0;
};

/// What all classes share (the mean of the means, of the images) says nothing about any of them: it is taken off.
Match match_of(const NdArray& images, const Means& means, std::size_t width) {
    std::vector<double> shared(width, 0), shared_images(width, 0);
    double known = 0;
    const auto all = static_cast<double>(means.size());
    for (std::size_t c = 0; c < means.size(); ++c) {
        for (std::size_t d = 0; d < width; ++d) shared_images[d] += images.values<float>()[c * width + d] / all;
        if (means[c].empty()) continue;
        known += 1;
        for (std::size_t d = 0; d < width; ++d) shared[d] += means[c][d];
    }
    for (double& value : shared) value /= std::max(1.0, known);
    Match out;
    for (std::size_t c = 0; c < means.size(); ++c) {
        std::vector<double> image(width);
        for (std::size_t d = 0; d < width; ++d) image[d] = images.values<float>()[c * width + d] - shared_images[d];
        double best = -2;
        std::int64_t at = -1;
        double own = std::numeric_limits<double>::quiet_NaN();
        for (std::size_t other = 0; other < means.size(); ++other) {
            if (means[other].empty()) continue;
            std::vector<double> mean(width);
            for (std::size_t d = 0; d < width; ++d) mean[d] = means[other][d] - shared[d];
            const double found = likeness(image, mean);
            if (found > best) best = found, at = static_cast<std::int64_t>(other);
            if (other == c) own = found;
        }
        out.own.push_back(own);
        out.nearest.push_back(at);
        if (means[c].empty()) continue;
        out.classes += 1;
        out.hits += at == static_cast<std::int64_t>(c) ? 1 : 0;
        out.mean += own;
    }
    out.mean /= static_cast<double>(std::max<std::int64_t>(1, out.classes));
    return out;
}

/// Chance of so many hits or more, if each image were like a class at random.
double chance_of(std::int64_t hits, std::int64_t classes) {
    const double n = static_cast<double>(classes), p = 1 / n;
    double sum = 0;
    for (std::int64_t k = hits; k <= classes; ++k) {
        const double j = static_cast<double>(k);
        sum += std::exp(std::lgamma(n + 1) - std::lgamma(j + 1) - std::lgamma(n - j + 1) + j * std::log(p) +
                        (classes == 1 ? 0 : (n - j) * std::log1p(-p)));
    }
    return std::min(1.0, sum);
}

/// Mean squared distance of each image to its nearest row of one side.
double nearness(const NdArray& images, const PrivacyPool& pool, bool member, std::size_t width, std::size_t most) {
    const std::size_t classes = static_cast<std::size_t>(images.shape()[0]);
    double out = 0;
    for (std::size_t c = 0; c < classes; ++c) {
        double best = std::numeric_limits<double>::infinity();
        std::size_t looked = 0;
        for (std::size_t row = 0; row < pool.member.size() && looked < most; ++row) {
            if ((pool.member[row] != 0) != member) continue;
            ++looked;
            double sum = 0;
            for (std::size_t d = 0; d < width; ++d)
                sum += std::pow(double{images.values<float>()[c * width + d]} - pool.batch.x.values<float>()[row * width + d], 2);
            best = std::min(best, sum / static_cast<double>(width));
        }
        out += best / static_cast<double>(classes);
    }
    return std::sqrt(out);
}

Result<std::string> picture(const NdArray& images, const Means& means, std::size_t c, const data::Info& info,
                            std::size_t width) {
    PictureSheet sheet(explain::layout_of(info.item_shape, true));
    sheet.begin_row();
    sheet.add(images.values<float>().subspan(c * width, width));
    const std::vector<float> mean(means[c].begin(), means[c].end());
    if (!mean.empty()) sheet.add(mean);
    return sheet.png();
}

std::string as_text(const Json& json, const std::string& out) {
    std::string text = fmt::format("inversion: {} of {} class images are most like their own class's members (chance {:.2g})\n",
                                   json["hits"].get<std::int64_t>(), json["known_classes"].get<std::int64_t>(),
                                   json["chance"].get<double>());
    text += fmt::format("  likeness to own class {:.3f}", json["likeness"].get<double>());
    if (!json["random_likeness"].is_null())
        text += fmt::format("; of the network with fresh weights {:.3f} ({} hits)", json["random_likeness"].get<double>(),
                            json["random_hits"].get<std::int64_t>());
    text += fmt::format("\n  nearest member {:.3f} away, nearest other {:.3f}\n", json["nearest_member"].get<double>(),
                        json["nearest_nonmember"].get<double>());
    return text + "  " + json["meaning"].get<std::string>() + "\n  written: " + cli::printable(out) + "\n";
}

}  // namespace
}  // namespace class_inversion

Result<PrivacyPart> inversion_part(const cli::Invocation& invocation, const PrivacyPool& pool,
                                   const std::shared_ptr<const model::Classifier>& classifier, RunContext& ctx) {
    using namespace class_inversion;
    const std::filesystem::path folder = invocation.text("invert");
    const bool is_picture = pool.info.kind == data::Kind::image;
    const auto width = static_cast<std::size_t>(pool.batch.x.size()) / pool.member.size();
    const auto [low, high] = std::ranges::minmax(pool.batch.x.values<float>());
    attacks::InversionOptions options{.low = low, .high = high};
    if (!is_picture) options.smoothness = 0;
    const NdArray images = BARTIZAN_TRY(attacks::invert_classes(*classifier, options, ctx));
    const Means means = class_means(pool, classifier->classes(), width);
    const Match match = match_of(images, means, width);

    PrivacyPart out;
    const double chance = chance_of(match.hits, match.classes);
    constexpr std::size_t kLooked = 5000;
    const std::size_t most = std::min({kLooked, pool.members, pool.member.size() - pool.members});
    out.json = {{"hits", match.hits},
                {"known_classes", match.classes},
                {"chance", chance},
                {"likeness", match.mean},
                {"random_likeness", nullptr},
                {"random_hits", nullptr},
                {"nearest_member", nearness(images, pool, true, width, most)},
                {"nearest_nonmember", nearness(images, pool, false, width, most)},
                {"classes", Json::array()}};
    const auto fresh = BARTIZAN_TRY(fresh_model(invocation, ctx));
    if (fresh != nullptr) {
        const auto other = BARTIZAN_TRY(
            model::make_classifier(fresh, pool.info.item_shape, BARTIZAN_TRY(read_contract(invocation))));
        const Match random = match_of(BARTIZAN_TRY(attacks::invert_classes(*other, options, ctx)), means, width);
        out.json["random_likeness"] = random.mean;
        out.json["random_hits"] = random.hits;
    }
    if (is_picture) BARTIZAN_TRY(make_folder(folder));
    for (std::size_t c = 0; c < means.size(); ++c) {
        Json entry = {{"class", c}, {"nearest", match.nearest[c]}, {"likeness", std::isnan(match.own[c]) ? Json() : Json(match.own[c])}};
        if (is_picture) {
            const std::string name = fmt::format("class-{}.png", c);
            const std::string png = BARTIZAN_TRY(picture(images, means, c, pool.info, width));
            BARTIZAN_TRY(write_file_atomically(folder / name, std::string_view(png)));
            entry["picture"] = name;
        } else {
            const auto values = images.values<float>().subspan(c * width, width);
            entry["values"] = std::vector<float>(values.begin(), values.end());
        }
        out.json["classes"].push_back(std::move(entry));
    }
    const bool shows = chance < kCertain && match.mean > (fresh != nullptr ? out.json["random_likeness"].get<double>() : 0);
    out.severity = shows ? Severity::low : Severity::info;
    out.json["severity"] = to_string(out.severity);
    out.json["meaning"] =
        shows ? "the images tell what a class looks like on average: a leak where a class is one person or thing, no copy of any "
                "one item"
              : "the images tell no more of the classes than chance";
    out.text = as_text(out.json, folder.string());
    return out;
}

}  // namespace bartizan::engine

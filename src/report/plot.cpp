#include "report/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

constexpr std::size_t kStyles = 6;  // classes s0 ... s5 of the style sheet
constexpr int kTicks = 5;
/// Ticks are counted by adding a step; more than these would be a step lost in rounding.
constexpr std::size_t kMostTicks = 12;

/// Size of a drawing and of the room around the plot, in SVG units, which are pixels at full width.
struct Frame {
    const char* css_class;
    double width, height, left, right, top, bottom;
    int x_ticks;
};
constexpr Frame kWide = {"plot wide", 640, 310, 54, 24, 12, 48, 8};
constexpr Frame kNarrow = {"plot narrow", 330, 260, 46, 22, 10, 46, 4};

/// Finite, and small enough that a difference of two is finite too.
bool plottable(double value) { return std::isfinite(value) && std::abs(value) < 1e300; }

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();

    void add(double value) {
        if (!plottable(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    bool empty() const { return low > high; }
    /// Widened until it has a length.
    Range drawable() const {
        if (empty()) return {0, 1};
        if (high - low > 1e-12 * std::max(std::abs(low), std::abs(high))) return *this;
        const double room = low == 0 ? 0.5 : std::abs(low) * 0.1;
        return {low - room, high + room};
    }
};

bool drawable(const CurvePoint& point) { return plottable(point.x) && plottable(point.y); }
bool has_band(const CurvePoint& point) {
    return drawable(point) && point.low && point.high && plottable(*point.low) && plottable(*point.high);
}

/// The mapping of data to the drawing.
struct Plot {
    const Curve& curve;
    Frame frame;
    Range x, y;

    Plot(const Curve& drawn, const Frame& in) : curve(drawn), frame(in) {
        for (const Series& series : curve.series) {
            for (const CurvePoint& point : series.points) {
                if (!drawable(point)) continue;
                x.add(point.x);
                y.add(point.y);
                y.add(point.low.value_or(point.y));
                y.add(point.high.value_or(point.y));
            }
        }
        x = x.drawable();
        y = curve.y_is_fraction ? Range{std::min(0.0, y.drawable().low), std::max(1.0, y.drawable().high)}
                                : y.drawable();
        if (!curve.y_is_fraction) {
            const auto ticks = round_ticks(std::min(y.low, 0.0), y.high, kTicks);
            y = {ticks.front(), ticks.back()};
        }
    }
    double at_x(double value) const {
        return frame.left + (value - x.low) / (x.high - x.low) * (frame.width - frame.left - frame.right);
    }
    double at_y(double value) const {
        return frame.height - frame.bottom -
               (value - y.low) / (y.high - y.low) * (frame.height - frame.top - frame.bottom);
    }
    std::string y_text(double value) const {
        return curve.y_is_fraction ? fmt::format("{:.0f} %", value * 100) : plain_number(value);
    }
};

std::string axes(const Plot& plot) {
    const Frame& f = plot.frame;
    const double base = f.height - f.bottom;
    std::string out;
    const auto y_ticks = plot.curve.y_is_fraction ? std::vector<double>{0, 0.25, 0.5, 0.75, 1}
                                                  : round_ticks(plot.y.low, plot.y.high, kTicks);
    for (const double tick : y_ticks) {
        const double at = plot.at_y(tick);
        out += fmt::format("<line class=\"grid\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", f.left, at,
                           f.width - f.right, at);
        out += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", f.left - 8,
                           at + 4, plot.y_text(tick));
    }
    for (const double tick : round_ticks(plot.x.low, plot.x.high, f.x_ticks)) {
        const double at = plot.at_x(tick);
        if (at < f.left - 0.5 || at > f.width - f.right + 0.5) continue;
        out += fmt::format("<line class=\"axis\" x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\"/>", at,
                           base, base + 5);
        out += fmt::format("<text class=\"tick\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", at,
                           base + 20, plain_number(tick));
    }
    out += fmt::format("<line class=\"axis\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", f.left, base,
                       f.width - f.right, base);
    out += fmt::format("<text class=\"label\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                       (f.left + f.width - f.right) / 2, f.height - 8, escape_markup(plot.curve.x_label));
    return out;
}

std::string band(const Plot& plot, const Series& series, std::size_t style) {
    std::string there, back;
    for (const CurvePoint& point : series.points) {
        if (!has_band(point)) continue;
        there += fmt::format("{:.1f},{:.1f} ", plot.at_x(point.x), plot.at_y(*point.high));
        back = fmt::format("{:.1f},{:.1f} ", plot.at_x(point.x), plot.at_y(*point.low)) + back;
    }
    return there.empty() ? "" : fmt::format("<polygon class=\"band s{}\" points=\"{}{}\"/>", style, there, back);
}

/// Circle, square, triangle, diamond, in turn.
std::string marker(double x, double y, std::size_t style) {
    constexpr double r = 3.6;
    switch (style % 4) {
        case 0:
            return fmt::format("<circle class=\"dot s{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>", style, x, y, r);
        case 1:
            return fmt::format("<rect class=\"dot s{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" height=\"{}\"/>", style,
                               x - r, y - r, 2 * r, 2 * r);
        case 2:
            return fmt::format("<path class=\"dot s{}\" d=\"M{:.1f} {:.1f}l4.4 7.6h-8.8z\"/>", style, x, y - 4.6);
        default:
            return fmt::format("<path class=\"dot s{}\" d=\"M{:.1f} {:.1f}l4.6 4.6-4.6 4.6-4.6-4.6z\"/>", style, x,
                               y - 4.6);
    }
}

std::string line(const Plot& plot, const Series& series, std::size_t style) {
    std::string points, markers;
    for (const CurvePoint& point : series.points) {
        if (!drawable(point)) continue;
        points += fmt::format("{:.1f},{:.1f} ", plot.at_x(point.x), plot.at_y(point.y));
        markers += marker(plot.at_x(point.x), plot.at_y(point.y), style);
    }
    return fmt::format("<polyline class=\"line s{}\" points=\"{}\"/>{}", style, points, markers);
}

/// What the plot shows, for those who cannot see it: where each series begins and ends.
std::string description(const Plot& plot) {
    std::string out = plot.curve.title + ". " + plot.curve.y_label + " over " + plot.curve.x_label + ".";
    for (const Series& series : plot.curve.series) {
        if (series.points.empty()) continue;
        const CurvePoint& first = series.points.front();
        const CurvePoint& last = series.points.back();
        out += fmt::format(" {}: {} at {}, {} at {}.", series.name, plot.y_text(first.y), plain_number(first.x),
                           plot.y_text(last.y), plain_number(last.x));
    }
    return escape_markup(clean_line(out));
}

std::string drawing(const Curve& curve, const Frame& frame) {
    const Plot plot(curve, frame);
    std::string out = fmt::format("<svg class=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
                                  frame.css_class, frame.width, frame.height, description(plot));
    out += axes(plot);
    for (std::size_t i = 0; i < curve.series.size(); ++i) out += band(plot, curve.series[i], i % kStyles);
    for (std::size_t i = 0; i < curve.series.size(); ++i) out += line(plot, curve.series[i], i % kStyles);
    return out + "</svg>";
}

std::string legend(const Curve& curve) {
    std::string out = "<ul class=\"legend\">";
    for (std::size_t i = 0; i < curve.series.size(); ++i) {
        const std::size_t style = i % kStyles;
        out += fmt::format(
            "<li><svg viewBox=\"0 0 28 12\" width=\"28\" height=\"12\" aria-hidden=\"true\"><polyline "
            "class=\"line s{}\" points=\"1,6 27,6\"/>{}</svg>{}</li>",
            style, marker(14, 6, style), escape_markup(clean_line(curve.series[i].name)));
    }
    return out + "</ul>";
}

std::string numbers(const Curve& curve) {
    const auto y_text = [&](double value) { return curve.y_is_fraction ? percent(value) : plain_number(value); };
    std::string out = fmt::format(
        "<details><summary>The numbers</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"The numbers of the plot\"><table><thead><tr><th scope=\"col\">series</th>"
        "<th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">95 % interval</th></tr>"
        "</thead><tbody>",
        escape_markup(curve.x_label), escape_markup(curve.y_label));
    for (const Series& series : curve.series)
        for (const CurvePoint& point : series.points)
            out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                               escape_markup(clean_line(series.name)), plain_number(point.x), y_text(point.y),
                               point.low && point.high ? y_text(*point.low) + " – " + y_text(*point.high) : "");
    return out + "</tbody></table></div></details>";
}

}  // namespace

std::vector<double> round_ticks(double low, double high, int count) {
    const double rough = (high - low) / std::max(count, 1);
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double factor : {5.0, 2.5, 2.0, 1.0})
        if (factor * power >= rough) step = factor * power;
    std::vector<double> ticks;
    const double first = std::floor(low / step + 1e-9);
    for (std::size_t i = 0; i < kMostTicks; ++i) {
        const double tick = (first + static_cast<double>(i)) * step;
        ticks.push_back(tick);
        if (tick >= high - 1e-9 * step) break;
    }
    return ticks;
}

std::string curve_figure(const Curve& curve) {
    std::string out = "<figure class=\"curve\"><figcaption>" + escape_markup(clean_line(curve.title)) + " <small>" +
                      escape_markup(clean_line(curve.y_label)) + "</small></figcaption>";
    return out + drawing(curve, kWide) + drawing(curve, kNarrow) + legend(curve) + numbers(curve) + "</figure>";
}

}  // namespace bartizan::report

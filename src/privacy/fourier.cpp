#include "privacy/fourier.h"

#include <bit>
#include <cstddef>
#include <numbers>
#include <utility>

namespace bartizan::privacy {
namespace fourier {
namespace {

using Complex = std::complex<double>;

void reverse_bits(std::vector<Complex>& values) {
    const std::size_t size = values.size();
    for (std::size_t i = 1, j = 0; i < size; ++i) {
        std::size_t bit = size >> 1U;
        for (; (j & bit) != 0; bit >>= 1U) j ^= bit;
        j ^= bit;
        if (i < j) std::swap(values[i], values[j]);
    }
}

/// exp(-+2 pi i k / size) for the first half: each from sine and cosine, so that no error builds up.
std::vector<Complex> roots(std::size_t size, bool inverse) {
    std::vector<Complex> out(size / 2);
    const double angle = (inverse ? 2 : -2) * std::numbers::pi / static_cast<double>(size);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::polar(1.0, angle * static_cast<double>(k));
    return out;
}

Complex power(const Complex& value, double times) {
    return value == Complex() ? Complex() : std::polar(std::pow(std::abs(value), times), std::arg(value) * times);
}

}  // namespace
}  // namespace fourier

void fourier_transform(std::vector<std::complex<double>>& values, bool inverse) {
    using fourier::Complex;
    const std::size_t size = values.size();
    fourier::reverse_bits(values);
    const std::vector<Complex> root = fourier::roots(size, inverse);
    for (std::size_t length = 2; length <= size; length *= 2) {
        const std::size_t half = length / 2, stride = size / length;
        for (std::size_t begin = 0; begin < size; begin += length)
            for (std::size_t k = 0; k < half; ++k) {
                const Complex r = root[k * stride], b = values[begin + k + half];
                const Complex turned(b.real() * r.real() - b.imag() * r.imag(),
                                     b.real() * r.imag() + b.imag() * r.real());
                values[begin + k + half] = values[begin + k] - turned;
                values[begin + k] += turned;
            }
    }
    if (!inverse) return;
    for (Complex& value : values) value /= static_cast<double>(size);
}

Pair convolution_powers(const Pair& values, double times) {
    using fourier::Complex;
    const std::size_t size = values.first.size();
    std::vector<Complex> both(size);
    for (std::size_t i = 0; i < size; ++i) both[i] = {values.first[i], values.second[i]};
    fourier_transform(both, false);
    // The spectrum of a real sequence is the mirror of its own conjugate: that tells the two apart.
    for (std::size_t k = 0; k <= size / 2; ++k) {
        const std::size_t mirror = (size - k) % size;
        const Complex here = both[k], there = std::conj(both[mirror]), i(0, 1);
        const Complex first = fourier::power((here + there) * 0.5, times);
        const Complex second = fourier::power((here - there) * Complex(0, -0.5), times);
        both[k] = first + i * second;
        both[mirror] = std::conj(first) + i * std::conj(second);
    }
    fourier_transform(both, true);
    Pair out{std::vector<double>(size), std::vector<double>(size)};
    for (std::size_t i = 0; i < size; ++i) {
        out.first[i] = both[i].real();
        out.second[i] = both[i].imag();
    }
    return out;
}

}  // namespace bartizan::privacy

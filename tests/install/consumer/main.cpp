// Uses the public headers alone: an array, an error, a number, a version.
#include <cstdio>
#include <cstring>

#include <bartizan/finding.h>
#include <bartizan/ndarray.h>
#include <bartizan/params.h>
#include <bartizan/result.h>
#include <bartizan/run_context.h>
#include <bartizan/version.h>

int main() {
    const auto eps = bartizan::parse_number("8/255");
    const auto array = bartizan::NdArray::zeros(bartizan::DType::f32, {2, 3});
    const auto bad = bartizan::parse_number("eight");
    if (!eps.ok() || !array.ok() || bad.ok()) return 1;
    std::printf("bartizan %s: %zu bytes, %s\n", bartizan::kVersion, array->bytes().size(), bad.error().line().c_str());
    return array->bytes().size() == 24 && std::strlen(bartizan::kVersion) > 0 ? 0 : 1;
}

// links: access
// seeds: fuzz/seeds/token/*
// Tokens and key sets of strangers: read within bounds, and none holds that the one known key did not sign.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "access/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::access;
    static const KeySet keys = *KeySet::parse(
        R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)KeySet::parse(text).ok();
    (void)looks_like_token(text);
    (void)named_issuer(text);
    if (verify_token(text, keys, {"https://id.example", "bartizan"}, 1'800'000'000).ok()) std::abort();
    return 0;
}

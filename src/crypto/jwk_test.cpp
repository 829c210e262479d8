/// The examples of RFC 7515 (A.2, A.3) and RFC 8037 (A.4).
#include "crypto/jwk.h"

#include <gtest/gtest.h>

#include "crypto/base64.h"

namespace bartizan::crypto {
namespace {

constexpr const char* kRsa =
    R"({"kty":"RSA","kid":"r","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})";
constexpr const char* kEc =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr const char* kEdwards = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

constexpr const char* kPayload =
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

struct Example {
    const char* key;
    const char* algorithm;
    std::string message;
    const char* signature;
};
const Example kExamples[] = {
    {kRsa, "RS256", std::string("eyJhbGciOiJSUzI1NiJ9") + kPayload,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1"
     "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzD"
     "wusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe7"
     "7Rw"},
    {kEc, "ES256", std::string("eyJhbGciOiJFUzI1NiJ9") + kPayload,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {kEdwards, "EdDSA", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

TEST(Jwk, VerifiesTheExamplesOfTheStandards) {
    for (const Example& example : kExamples) {
        const auto key = JwkKey::from_json(*parse_json(example.key));
        ASSERT_TRUE(key.ok()) << key.error().line();
        EXPECT_EQ(key->algorithm(), example.algorithm);
        std::string signature = *from_base64url(example.signature);
        EXPECT_TRUE(key->verify(example.message, signature)) << example.algorithm;
        EXPECT_FALSE(key->verify(example.message + "x", signature));
        EXPECT_FALSE(key->verify(example.message, signature.substr(1)));
        EXPECT_FALSE(key->verify(example.message, ""));
        signature[10] = static_cast<char>(signature[10] ^ 1);
        EXPECT_FALSE(key->verify(example.message, signature));
    }
}

TEST(Jwk, RefusesWhatIsNoPublicKeyForSignatures) {
    for (
        const char* text :
        {"[]", R"({"kty":"oct","k":"c2VjcmV0"})", R"({"kty":"RSA","n":"AQAB","e":"AQAB"})",
         R"({"kty":"RSA","e":"AQAB"})", R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})",
         R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})",
         R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
         R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"enc"})",
         R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"HS256"})"})
        EXPECT_FALSE(JwkKey::from_json(*parse_json(text)).ok()) << text;
}

}  // namespace
}  // namespace bartizan::crypto

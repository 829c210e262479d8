#include "crypto/uuid.h"

#include <gtest/gtest.h>

namespace bartizan::crypto {
namespace {

// RFC 9562, appendix A.4: "www.example.com" in the name space of DNS.
TEST(Uuid, IsThatOfTheStandard) {
    EXPECT_EQ(name_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
              "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    EXPECT_NE(name_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "a"),
              name_uuid("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "a"));
}

}  // namespace
}  // namespace bartizan::crypto

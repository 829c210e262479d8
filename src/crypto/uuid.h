#pragma once
/// Identifiers that follow from a name: the same name gives the same UUID everywhere (RFC 9562, version 5: SHA-1, which
/// is no protection here and need not be). Formats such as OSCAL and STIX take no other kind. Pure.

#include <string>
#include <string_view>

namespace bartizan::crypto {

/// "6ba7b810-9dad-51d1-80b4-00c04fd430c8" of a name within a name space, itself a UUID in that form.
std::string name_uuid(std::string_view name_space, std::string_view name);

}  // namespace bartizan::crypto

#include "stream/nats.h"

namespace bartizan::stream {

Error nats_error(natsStatus status, const std::string& what) {
    const bool denied = status == NATS_CONNECTION_AUTH_FAILED || status == NATS_NOT_PERMITTED;
    return {denied ? Errc::denied : Errc::unavailable, what + ": " + natsStatus_GetText(status)};
}

Result<Value> read_value(Nats& nats, const std::string& key) {
    kvEntry* raw = nullptr;
    const natsStatus status = kvStore_Get(&raw, nats.bucket.get(), key.c_str());
    const OwnedEntry entry(raw);
    if (status == NATS_NOT_FOUND) return Value{};
    if (status != NATS_OK) return nats_error(status, "cannot read '" + key + "' in NATS");
    const auto* const bytes = static_cast<const char*>(kvEntry_Value(raw));
    const int size = kvEntry_ValueLen(raw);
    return Value{size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string(), kvEntry_Revision(raw)};
}

Result<std::uint64_t> write_value(Nats& nats, const std::string& key, const std::string& text, std::uint64_t revision) {
    std::uint64_t next = 0;
    const int size = static_cast<int>(text.size());
    const natsStatus status = revision == 0
                                  ? kvStore_Create(&next, nats.bucket.get(), key.c_str(), text.data(), size)
                                  : kvStore_Update(&next, nats.bucket.get(), key.c_str(), text.data(), size, revision);
    if (status == NATS_OK) return next;
    // The library has no name for a revision that is not the last one: whoever else wrote shows by reading again.
    const Value now = BARTIZAN_TRY(read_value(nats, key));
    if (now.revision != revision) return std::uint64_t{0};
    return nats_error(status, "cannot write '" + key + "' in NATS");
}

}  // namespace bartizan::stream

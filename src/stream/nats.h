#pragma once
/// Objects of the client library with their owners. Internal to `stream`. Thread rule: as the library's own.

#include <memory>
#include <string>

#include <nats/nats.h>

#include "bartizan/result.h"
#include "stream/bus.h"

namespace bartizan::stream {

template <auto Destroy>
struct Destroyer {
    template <class T>
    void operator()(T* object) const {
        Destroy(object);
    }
};
template <class T, auto Destroy>
using Owned = std::unique_ptr<T, Destroyer<Destroy>>;

using OwnedMessage = Owned<natsMsg, natsMsg_Destroy>;
using OwnedEntry = Owned<kvEntry, kvEntry_Destroy>;
using OwnedWatcher = Owned<kvWatcher, kvWatcher_Destroy>;
using OwnedSubscription = Owned<natsSubscription, natsSubscription_Destroy>;

/// What the parts of a bus share.
struct Nats {
    Owned<natsOptions, natsOptions_Destroy> options;
    Owned<natsConnection, natsConnection_Destroy> connection;
    Owned<jsCtx, jsCtx_Destroy> jetstream;
    Owned<kvStore, kvStore_Destroy> bucket;
    std::string stream;   ///< "bartizan-events"
    std::string subject;  ///< "bartizan.events."
};

Error nats_error(natsStatus status, const std::string& what);

/// A value of the bucket with its revision; revision 0: it is not there.
struct Value {
    std::string text = {};
    std::uint64_t revision = 0;
};
Result<Value> read_value(Nats& nats, const std::string& key);
/// Writes only if nobody did since `revision`. Gives the new one; 0: somebody did.
Result<std::uint64_t> write_value(Nats& nats, const std::string& key, const std::string& text, std::uint64_t revision);

}  // namespace bartizan::stream

/// In place of the rest where the build has no NATS.
#include "stream/bus.h"
#include "stream/consumer.h"

namespace bartizan::stream {

Result<std::unique_ptr<Bus>> Bus::open(const Options&) {
    return unsupported("this build has no NATS", "build it with -DBARTIZAN_NATS=ON, or leave out --stream");
}

Result<std::unique_ptr<Consumer>> Consumer::start(Bus&, ConsumerOptions, Take) {
    return unsupported("this build has no NATS");
}

}  // namespace bartizan::stream

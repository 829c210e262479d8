#pragma once
/// A model behind an address, as a `model::Model`: scores only, no gradients, no weights. Speaks the Open Inference
/// Protocol over HTTP. The other side is not trusted: answers are bounded, checked against what was asked, waited for
/// no longer than allowed, and asked for again only a few times.
/// Thread rule: `run` may be called from several threads at once; each call is an exchange of its own.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "model/model.h"

namespace bartizan::serving {

struct RemoteOptions {
    std::string key = {};      ///< sent as `Authorization: Bearer KEY`; empty: none
    std::string ca_file = {};  ///< PEM: trusted instead of the system's authorities
    int retries = 2;           ///< after a failure that may pass: no connection, 429, 502, 503, 504
    std::chrono::milliseconds patience{30'000};  ///< for one whole answer
    std::int64_t rows = 64;                      ///< of one request
};

/// Is this the address of a model: http(s)://host/v2/models/NAME[/versions/V]?
bool is_remote(std::string_view target);

/// Asks the server what the model takes. Fails with `invalid_input` (an address that is none of a model's, an answer
/// that is none of the protocol's), `not_found`, `denied`, `unavailable`, `unsupported` (no input or output of numbers).
Result<std::unique_ptr<model::Model>> open_remote(std::string_view address, const RemoteOptions& options = {});

}  // namespace bartizan::serving

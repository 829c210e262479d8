#pragma once
/// The parts of which messages are written, for those who write them out of something else than a message. Internal to
/// `oip`. Thread rule: pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "oip/message.h"

namespace bartizan::oip {

/// `{"id":"42","parameters":{...},"inputs":[`
void append_request_head(std::string& out, const std::string& id, const Parameters& parameters);
/// `{"name":"x","datatype":"FP32","shape":[1,3],"parameters":{"binary_data_size":12}}`
void append_binary_tensor(std::string& out, std::string_view name, Datatype type, const Shape& shape,
                          std::size_t bytes);
/// `],"outputs":[{"name":"y"}]}`
void append_request_end(std::string& out, const std::vector<RequestedOutput>& outputs);

}  // namespace bartizan::oip

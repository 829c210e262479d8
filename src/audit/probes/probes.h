#pragma once
/// The probes that exist, each in a file of its own, and the finding they all begin with.

#include <memory>
#include <string_view>

#include "audit/probe.h"
#include "bartizan/params.h"

namespace bartizan::audit {

/// A finding of a rule of report/rules.h: asset and mappings filled in, severity `info`.
Finding begin_finding(std::string_view rule, const Subject& subject);
/// "no labels" or "the model gives no gradient", if that is so.
std::optional<std::string> attack_obstacle(const Subject& subject, bool needs_gradients);

namespace quality { std::unique_ptr<Probe> make(const Params& params); }
namespace data_seal { std::unique_ptr<Probe> make(const Params& params); }
namespace data_quality { std::unique_ptr<Probe> make(const Params& params); }
namespace whitebox { std::unique_ptr<Probe> make(const Params& params); }
namespace blackbox { std::unique_ptr<Probe> make(const Params& params); }
namespace minimal { std::unique_ptr<Probe> make(const Params& params); }
namespace corruption { std::unique_ptr<Probe> make(const Params& params); }
namespace bias { std::unique_ptr<Probe> make(const Params& params); }
namespace poison { std::unique_ptr<Probe> make(const Params& params); }
namespace backdoor { std::unique_ptr<Probe> make(const Params& params); }
namespace extraction_probe { std::unique_ptr<Probe> make(const Params& params); }
namespace privacy_probe { std::unique_ptr<Probe> make(const Params& params); }
namespace explain_probe { std::unique_ptr<Probe> make(const Params& params); }
namespace reliability { std::unique_ptr<Probe> make(const Params& params); }

}  // namespace bartizan::audit

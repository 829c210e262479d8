#include "scan/verdict.h"

namespace bartizan::scan {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::clean:
            return "clean";
        case Verdict::unproven:
            return "unproven";
        case Verdict::incomplete:
            return "incomplete";
        case Verdict::malicious:
            return "malicious";
    }
    return "";
}

}  // namespace bartizan::scan

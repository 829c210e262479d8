// links: ledger
// Checkpoints, entries, bundles and proofs: refused, or spelled the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ledger/entry.h"
#include "ledger/heads.h"
#include "ledger/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::ledger;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto entry = parse_entry(text);
    if (entry.ok() && EntryText::make(entry->event, entry->time).value().with_index(entry->index) != text) std::abort();
    const auto checkpoint = parse_checkpoint(text);
    if (checkpoint.ok() && !text.starts_with(checkpoint_text(*checkpoint))) std::abort();
    const auto proof = parse_proof(text);
    if (proof.ok() && parse_proof(proof_text(*proof))->entry != proof->entry) std::abort();
    const auto key = Verifier::from_text(text);
    if (key.ok() && !text.starts_with(key->text())) std::abort();
    if (last_record(text).torn > size) std::abort();
    (void)first_record(text);
    (void)parse_bundle(text);
    return 0;
}

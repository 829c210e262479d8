/// `bartizan keygen --out K`: a key pair.
#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "cli/output.h"
#include "crypto/key.h"
#include "provenance/bundle.h"

namespace bartizan::program {

Result<int> keygen(const cli::Invocation& invocation) {
    const std::string path = invocation.text("out");
    const crypto::KeyType type = BARTIZAN_TRY(crypto::key_type_from(invocation.text("type")));
    const crypto::Passphrase passphrase = BARTIZAN_TRY(passphrase_of(invocation));
    const crypto::PrivateKey key = BARTIZAN_TRY(crypto::PrivateKey::generate(type));
    const std::string public_path = BARTIZAN_TRY(crypto::write_key_pair(key, path, passphrase)).string();
    const std::string hint = provenance::key_hint(key.public_key());

    Json json = cli::document(invocation);
    json["type"] = to_string(type);
    json["private_key"] = path;
    json["public_key"] = public_path;
    json["encrypted"] = passphrase.has_value();
    json["key_hint"] = hint;
    const std::string text =
        fmt::format("private key  {} ({}, {})\npublic key   {}\nkey hint     {}\n", cli::printable(path),
                    human_name(type), passphrase ? "protected by the pass phrase" : "not protected by a pass phrase",
                    cli::printable(public_path), hint);
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::program

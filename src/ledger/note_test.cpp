/// Against the note and key that the documentation of golang.org/x/mod/sumdb/note prints.
#include "ledger/note.h"

#include <gtest/gtest.h>

namespace bartizan::ledger {
namespace {

constexpr std::string_view kKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const std::string kText =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const std::string kNote =
    kText +
    "\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

struct Signer {
    crypto::PrivateKey key = *crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    Verifier verifier = *Verifier::make("example.com/log", key.public_key());
};

Checkpoint some_checkpoint() { return {"example.com/log", 20852163, crypto::merkle_leaf("x")}; }

TEST(Note, a_published_note_verifies_under_its_published_key) {
    const Verifier verifier = *Verifier::from_text(kKey);
    EXPECT_EQ(verifier.text(), kKey);
    const Note note = *parse_note(kNote);
    EXPECT_EQ(note.text, kText);
    ASSERT_EQ(note.signatures.size(), 1U);
    EXPECT_EQ(note.signatures[0].key_id, verifier.key_id());
    EXPECT_TRUE(verifier.verify(note.text, note.signatures[0].signature));
    EXPECT_FALSE(verifier.verify(note.text + " ", note.signatures[0].signature));
}

TEST(Note, a_checkpoint_comes_back_as_it_was_signed) {
    const Signer signer;
    const std::string note = *sign_checkpoint(some_checkpoint(), signer.verifier, signer.key);
    EXPECT_TRUE(note.starts_with("example.com/log\n20852163\n"));
    EXPECT_EQ(*open_checkpoint(note, *Verifier::from_text(signer.verifier.text())), some_checkpoint());
}

TEST(Note, extensions_and_signatures_of_witnesses_are_let_pass) {
    const Signer log;
    const Signer witness;
    const Verifier other = *Verifier::make("witness.example", witness.key.public_key());
    const std::string note = *sign_checkpoint(some_checkpoint(), log.verifier, log.key);
    const std::string by_witness = *sign_checkpoint(some_checkpoint(), other, witness.key);
    const std::string both = note + by_witness.substr(by_witness.find("\n\n") + 2);
    EXPECT_EQ(*open_checkpoint(both, log.verifier), some_checkpoint());
    EXPECT_EQ(parse_checkpoint(checkpoint_text(some_checkpoint()) + "more\n")->size, 20852163U);
}

TEST(Note, another_key_or_any_changed_byte_is_denied_or_refused) {
    const Signer signer;
    const std::string note = *sign_checkpoint(some_checkpoint(), signer.verifier, signer.key);
    EXPECT_EQ(open_checkpoint(note, Signer().verifier).error().code(), Errc::denied);
    for (std::size_t i = 0; i < note.size(); ++i) {
        std::string changed = note;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        ASSERT_FALSE(open_checkpoint(changed, signer.verifier).ok()) << "byte " << i;
        ASSERT_FALSE(open_checkpoint(note.substr(0, i), signer.verifier).ok()) << "cut at " << i;
    }
}

TEST(Note, what_is_not_a_note_a_checkpoint_or_a_key_is_refused) {
    for (const char* text :
         {"", "\n\n", "a\n\n", "a\n\nb\n", "a\n\n\u2014 n AAAA\n", "a\n\n\u2014 n !\n", "a\n\n\u2014 n+m AAAAAAAA\n"})
        EXPECT_FALSE(parse_note(text).ok()) << text;
    for (const char* text : {"", "a\n", "a\n1\n", "a\nx\nAAAA\n", "a\n01\nAAAA\n", "\n1\nAAAA\n", "a\n-1\nAAAA\n"})
        EXPECT_FALSE(parse_checkpoint(text).ok()) << text;
    for (const char* text :
         {"", "a", "a+b", "a+00000000+AAAA", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
          "Peter+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"})
        EXPECT_FALSE(Verifier::from_text(text).ok()) << text;
    const auto ec = *crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    EXPECT_FALSE(Verifier::make("log", ec.public_key()).ok());
    EXPECT_FALSE(Verifier::make("a log", Signer().key.public_key()).ok());
}

}  // namespace
}  // namespace bartizan::ledger

"""sign, verify, keygen: as a user runs them, with the openssl program as the other party."""
import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import unittest

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan


class Signing(Case):
    def setUp(self):
        super().setUp()
        self.model = self.folder / "model"
        for name, content in {"a/c.bin": b"one", "a-b.bin": b"two", "config.json": b"{}"}.items():
            path = self.model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.key = self.folder / "k"
        self.signature = self.folder / "model.sig"

    def json(self, *words, status=0):
        run = bartizan(*words, "--format", "json", "--quiet", cwd=self.folder)
        self.assertEqual(run.returncode, status, run.stderr)
        document = json.loads(run.stdout)
        if jsonschema is not None:
            schema = json.loads((SOURCE / "docs" / "schema" / f"{words[0]}.schema.json").read_text())
            jsonschema.validators.validator_for(schema)(schema).validate(document)
        return document

    def sign(self, *more):
        if not self.key.exists():
            self.json("keygen", "--out", self.key)
        return self.json("sign", self.model, "--key", self.key, "--out", self.signature, *more)

    def verify(self, *more, status=0):
        return self.json("verify", self.model, "--key", f"{self.key}.pub", "--signature", self.signature, *more,
                         status=status)

    def test_what_is_signed_verifies_and_what_changes_is_named(self):
        self.assertEqual(self.sign()["files"], 3)
        self.assertTrue(self.verify()["verified"])
        (self.model / "a-b.bin").write_bytes(b"TWO")
        (self.model / "a" / "c.bin").unlink()
        (self.model / "new").write_bytes(b"")
        bad = self.verify(status=1)
        self.assertFalse(bad["verified"])
        self.assertEqual([file["name"] for file in bad["changed"]], ["a-b.bin"])
        self.assertEqual((bad["missing"], bad["added"]), (["a/c.bin"], ["new"]))

    def test_a_scan_is_attested_and_bound_to_the_files(self):
        self.assertEqual(self.sign("--scan")["verdict"], "clean")
        self.assertIn("BARTIZAN_SCAN_CLEAN",
                      self.verify("--attestation", self.folder / "model.sig.scan")["attestation"]["properties"])
        (self.model / "odd.pkl").write_bytes(b"cmodule\nname\n.")
        made = self.sign("--scan")
        self.assertEqual(made["verdict"], "unproven")
        verdict = self.folder / "model.sig.scan"
        self.assertEqual(made["attestation"], str(verdict))
        plain = self.folder / "plain.sig"
        self.json("sign", self.model, "--key", self.key, "--out", plain)
        statement = json.loads(base64.b64decode(json.loads(verdict.read_text())["dsseEnvelope"]["payload"]))
        self.assertEqual(statement["predicateType"], "https://in-toto.io/attestation/svr/v0.2")
        self.assertEqual(statement["subject"][0]["digest"]["sha256"], made["root"])
        signed = json.loads(base64.b64decode(json.loads(plain.read_text())["dsseEnvelope"]["payload"]))
        self.assertEqual(signed["subject"][0]["digest"]["sha256"], made["root"], "the digests of the scan are those")
        good = self.verify("--attestation", verdict)
        self.assertIn("BARTIZAN_SCANNED", good["attestation"]["properties"])
        self.assertNotIn("BARTIZAN_SCAN_CLEAN", good["attestation"]["properties"])
        (self.model / "config.json").write_text('{"changed": 1}')
        self.json("sign", self.model, "--key", self.key, "--out", self.signature)
        bad = self.verify("--attestation", verdict, status=1)
        self.assertIn("other files", bad["reason"])

    def test_nothing_malicious_is_signed(self):
        (self.model / "evil.pkl").write_bytes(b"cos\nsystem\n(S'id'\ntR.")
        self.json("keygen", "--out", self.key)
        run = bartizan("sign", self.model, "--key", self.key, "--out", self.signature, "--scan", "--quiet")
        self.assert_refused(run, "evil.pkl", "malicious")
        self.assertFalse(self.signature.exists() or (self.folder / "model.sig.scan").exists())

    def test_an_audit_stops_at_a_model_that_is_not_the_signed_one(self):
        one = self.folder / "one.onnx"
        one.write_bytes(b"not the model that was signed")
        self.json("keygen", "--out", self.key)
        self.json("sign", one, "--key", self.key, "--out", self.signature)
        one.write_bytes(b"changed since")
        out = self.folder / "report"
        words = ("audit", one, "--data", one, "--out", out, "--signature", self.signature)
        run = bartizan(*words, "--signer", f"{self.key}.pub", "--quiet", "--format", "json")
        self.assertEqual(run.returncode, 1, run.stderr)
        findings = json.loads((out / "report.json").read_text())["findings"]
        self.assertIn("BTZ-PRV-001", [finding["rule"] for finding in findings])
        self.assert_refused(bartizan(*words, "--quiet"), "--signer")

    def test_the_bundle_is_that_of_the_recipe(self):
        root = self.sign()["root"]
        bundle = json.loads(self.signature.read_text())
        self.assertEqual(set(bundle), {"mediaType", "verificationMaterial", "dsseEnvelope"})
        pem = (self.folder / "k.pub").read_bytes()
        self.assertEqual(bundle["verificationMaterial"],
                         {"publicKey": {"hint": hashlib.sha256(pem).hexdigest()}, "tlogEntries": []})
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        resources = statement["predicate"]["resources"]
        self.assertEqual([one["name"] for one in resources], ["a/c.bin", "a-b.bin", "config.json"])
        raw = b"".join(bytes.fromhex(one["digest"]) for one in resources)
        self.assertEqual(hashlib.sha256(raw).hexdigest(), root)
        self.assertEqual(statement["subject"], [{"name": "model", "digest": {"sha256": root}}])

    @unittest.skipIf(shutil.which("openssl") is None, "no openssl program")
    def test_openssl_verifies_what_we_sign(self):
        for kind, digest in (("ec-p256", "sha256"), ("ec-p384", "sha384"), ("ec-p521", "sha512")):
            self.key = self.folder / kind
            self.json("keygen", "--out", self.key, "--type", kind)
            self.sign()
            envelope = json.loads(self.signature.read_text())["dsseEnvelope"]
            payload = base64.b64decode(envelope["payload"])
            signed = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
            (self.folder / "signed").write_bytes(signed)
            (self.folder / "sig").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
            subprocess.run(["openssl", "dgst", f"-{digest}", "-verify", f"{kind}.pub", "-signature", "sig", "signed"],
                           cwd=self.folder, check=True, capture_output=True)

    @unittest.skipIf(shutil.which("openssl") is None, "no openssl program")
    def test_a_chain_of_certificates(self):
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj",
                "/CN=our root", "-addext", "keyUsage=critical,keyCertSign")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", "k", "-out",
                "k.csr", "-subj", "/CN=our signer")
        (self.folder / "ext").write_text("keyUsage=critical,digitalSignature\n")
        openssl("x509", "-req", "-in", "k.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "9",
                "-extfile", "ext", "-out", "k.pem")
        self.assertEqual(self.sign("--certificate", "k.pem")["signer"], "CN=our signer")
        words = ("verify", self.model, "--signature", self.signature)
        self.assertEqual(self.json(*words, "--root", "ca.pem")["method"], "certificate")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "x.key", "-out", "x.pem", "-subj", "/CN=other")
        self.assertFalse(self.json(*words, "--root", "x.pem", status=1)["verified"])

    def test_keys_are_private_and_may_have_a_pass_phrase(self):
        (self.folder / "phrase").write_text("correct horse\n")
        made = self.json("keygen", "--out", self.key, "--passphrase-file", "phrase")
        self.assertTrue(made["encrypted"])
        self.assertEqual(stat.S_IMODE(self.key.stat().st_mode), 0o600)
        words = ["sign", self.model, "--key", self.key, "--out", self.signature, "--quiet"]
        self.assert_refused(bartizan(*words), "protected by a pass phrase", "--passphrase-file")
        wrong = dict(os.environ, BARTIZAN_PASSPHRASE="wrong")
        self.assert_refused(bartizan(*words, env=wrong), "does not open the key")
        right = dict(os.environ, BARTIZAN_PASSPHRASE="correct horse")
        self.assertEqual(bartizan(*words, env=right).returncode, 0)
        self.assertTrue(self.verify()["verified"])
        self.assert_refused(bartizan("keygen", "--out", self.key), "is there already")

    def test_paths_may_be_left_out(self):
        (self.model / "cache").mkdir()
        (self.model / "cache" / "x").write_text("x")
        self.assertIn("cache", self.sign("--ignore", self.model / "cache")["ignored"])
        (self.model / "cache" / "y").write_text("y")
        (self.model / "note").write_text("n")
        self.assertEqual(self.verify(status=1)["added"], ["note"])
        self.assertTrue(self.verify("--ignore", "note")["verified"])
        self.assertTrue(self.verify("--ignore-unsigned")["verified"])

    def test_a_signature_inside_the_model_does_not_sign_itself(self):
        self.signature = self.model / "model.sig"
        self.sign()
        self.sign()
        self.assertTrue(self.verify()["verified"])
        self.assertTrue(self.json("verify", self.model, "--key", "k.pub")["verified"])

    def test_one_file(self):
        self.model = self.model / "a-b.bin"
        self.assertEqual(self.sign()["files"], 1)
        self.assertTrue(self.verify()["verified"])

    def test_bad_input_gets_one_line(self):
        self.sign()
        self.assert_refused(bartizan("sign", self.model, "--key", self.key, "--ignore", "*.bin"), "not patterns")
        words = ["verify", self.model, "--signature", self.signature]
        self.assert_refused(bartizan(*words), "--key or --root is missing")
        self.assert_refused(bartizan(*words, "--key", self.key), "found a private one", ".pub")
        self.assert_refused(bartizan("verify", self.model, "--key", "k.pub", "--signature", "none", cwd=self.folder), "none")
        self.signature.write_text('{"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2"}')
        self.assert_refused(bartizan(*words, "--key", f"{self.key}.pub"), "expected", "v0.3", "found", "version=0.2")
        self.signature.write_bytes(b"\x80\x04")
        self.assert_refused(bartizan(*words, "--key", f"{self.key}.pub"), "not valid JSON")
        os.mkfifo(self.model / "pipe")
        self.assert_refused(bartizan("sign", self.model, "--key", self.key, "--out", self.signature), "'pipe'", "a pipe", "--ignore")
        self.assert_refused(bartizan("sign", self.folder / "none", "--key", self.key, "--out", "/dev/null/x"), "/dev/null")
        self.assert_refused(bartizan("sign", self.model, "--key", "pkcs11:object=k?pin-value=1234"), "pkcs11:object=k")


if __name__ == "__main__":
    unittest.main()

"""`bartizan scan` as scripts and CI jobs use it: documents, exit statuses, files that cannot be read."""
import functools
import http.server
import json
import os
import ssl
import struct
import subprocess
import threading
import unittest
import zipfile

try:
    import jsonschema
except ImportError:
    jsonschema = None

from program import SOURCE, Case, bartizan

ELF = b"\x7fELF\x02\x01\x01" + bytes(80)
TEMPLATE = '{"chat_template": "{{ \'\'.__class__ }}"}'


class Scan(Case):
    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def document(self, *words, status):
        run = bartizan("scan", *words, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, status, run.stderr)
        return json.loads(run.stdout)

    def test_clean_files_give_status_0(self):
        header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        self.write("m/model.safetensors", struct.pack("<Q", len(header)) + header + bytes(4))
        self.write("m/config.json", '{"hidden_size": 64}')
        self.write("m/README.md", "# a model\n")
        document = self.document(self.folder / "m", status=0)
        self.assertEqual(document["verdict"], "clean")
        self.assertEqual([file["format"] for file in document["files"]], ["text", "json", "safetensors"])

    def test_harm_gives_status_1_and_says_where(self):
        path = self.folder / "model.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("weights.bin", ELF)
        document = self.document(path, status=1)
        finding = document["files"][0]["findings"][0]
        self.assertEqual((finding["rule"], finding["member"]), ("BTZ-SCN-030", "weights.bin"))
        self.assertEqual(bartizan("scan", path, "--quiet", "--fail-on", "never").returncode, 0)

    @unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
    def test_the_document_is_what_the_schema_promises(self):
        self.write("tokenizer_config.json", TEMPLATE)
        self.write("cut.json", '{"a": ')
        schema = json.loads((SOURCE / "docs" / "schema" / "scan.schema.json").read_text())
        document = self.document(self.folder, status=1)
        kind = jsonschema.validators.validator_for(schema)
        self.assertEqual([fault.message[:200] for fault in kind(schema).iter_errors(document)], [])
        self.assertEqual(next(iter(document)), "schema")
        self.assertEqual({file["verdict"] for file in document["files"]}, {"malicious", "incomplete"})

    def test_sarif_goes_into_a_file(self):
        self.write("tokenizer_config.json", TEMPLATE)
        out = self.folder / "scan.sarif"
        bartizan("scan", self.folder / "tokenizer_config.json", "--format", "sarif", "--out", out, "--quiet")
        results = json.loads(out.read_text())["runs"][0]["results"]
        self.assertEqual(results[0]["ruleId"], "BTZ-SCN-033")

    def test_what_cannot_be_read_has_a_verdict_and_the_scan_goes_on(self):
        os.mkfifo(self.folder / "pipe")
        os.symlink("/etc/hostname", self.folder / "out")
        self.write("a.json", "{}")
        verdicts = {os.path.basename(file["path"]): file["verdict"] for file in self.document(self.folder, status=1)["files"]}
        self.assertEqual(verdicts, {"a.json": "clean", "out": "incomplete", "pipe": "incomplete"})

    def test_a_missing_target_is_refused(self):
        self.assert_refused(bartizan("scan", self.folder / "nowhere", "--quiet"), "nowhere")


class Fetched(Case):
    """Files of the web, from a server of the test's own."""

    def setUp(self):
        super().setUp()
        self.site = self.folder / "site"
        self.site.mkdir()
        (self.site / "good.json").write_text('{"a": 1}')
        (self.site / "bad.pkl").write_bytes(b"cos\nsystem\n(S'id'\ntR.")
        self.certificate = self.folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", self.folder / "key.pem", "-out", self.certificate], check=True,
                       capture_output=True)
        handler = functools.partial(Quiet, directory=self.site)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.address = f"https://localhost:{self.server.server_address[1]}"

    def tearDown(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        super().tearDown()

    def test_what_is_fetched_is_scanned_under_its_address(self):
        run = bartizan("scan", f"{self.address}/bad.pkl", f"{self.address}/good.json", "--fetch", "--ca-file",
                       self.certificate, "--format", "json", "--quiet")
        self.assertEqual(run.returncode, 1, run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual([(file["path"], file["verdict"]) for file in document["files"]],
                         [(f"{self.address}/bad.pkl", "malicious"), (f"{self.address}/good.json", "clean")])

    def test_nothing_is_fetched_unasked_or_from_those_that_are_not_trusted(self):
        address = f"{self.address}/good.json"
        self.assert_refused(bartizan("scan", address, "--quiet"), "--fetch")
        self.assert_refused(bartizan("scan", address.replace("https", "http"), "--fetch", "--quiet"), "https://")
        untrusted = bartizan("scan", address, "--fetch", "--quiet")
        self.assertEqual(untrusted.returncode, 3, untrusted.stderr)
        self.assertIn("certificate", untrusted.stderr)
        other = bartizan("scan", address.replace("localhost", "127.0.0.1"), "--fetch", "--ca-file", self.certificate,
                         "--quiet")
        self.assertEqual(other.returncode, 3, other.stderr)
        missing = bartizan("scan", f"{self.address}/none", "--fetch", "--ca-file", self.certificate, "--quiet")
        self.assertIn("404", missing.stderr)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    unittest.main()

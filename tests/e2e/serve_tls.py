"""`bartizan serve` over TLS: server and client certificates, what is too old, renewal without a restart, tokens of an
identity provider. Certificates are made here by openssl."""
import base64
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import time
import unittest

import program

CONFIG = """
tls: {certificate: server.pem, key: server.key, client_authority: ca.pem}
gates: {scan: false, signature: false, audit_score: none}
token_providers: [{issuer: "https://id.example", audience: bartizan, jwks: keys.json}]
"""


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stdout


def url64(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


class Tls(program.Case):
    def setUp(self):
        super().setUp()
        self.authority("ca", "/CN=Test authority")
        self.authority("other", "/CN=Another authority")
        self.certificate("server", "/CN=localhost", "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.certificate("edge", "/O=Example/CN=edge", "ca", "extendedKeyUsage=clientAuth")
        self.certificate("foreign", "/O=Example/CN=edge", "other", "extendedKeyUsage=clientAuth")
        self.make_token_key()
        (self.folder / "serve.yaml").write_text(CONFIG)
        self.service = self.start()

    def start(self):
        log = open(self.folder / "log", "w")
        self.addCleanup(log.close)
        process = subprocess.Popen([program.BIN / "bartizan", "serve", "--listen", "127.0.0.1:0", "--state", self.folder / "state",
                                    "--config", self.folder / "serve.yaml"], stdout=subprocess.PIPE,
                                   stderr=log, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        self.port = int(re.fullmatch(r"listening on https://127\.0\.0\.1:(\d+)\n", process.stdout.readline())[1])
        self.key = re.fullmatch(r"admin key: (btz_\S+)\n", process.stdout.readline())[1]
        return process

    def path(self, name):
        return str(self.folder / name)

    def authority(self, name, subject):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj", subject,
                "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"))

    def certificate(self, name, subject, authority, extension, days=2):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout",
                self.path(name + ".key"), "-out", self.path(name + ".csr"))
        (self.folder / "extension").write_text(extension + "\n")
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path(authority + ".pem"), "-CAkey",
                self.path(authority + ".key"), "-CAcreateserial", "-days", days, "-extfile", self.path("extension"), "-out",
                self.path(name + ".pem"))

    def make_token_key(self):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path("token.key"))
        modulus = openssl("rsa", "-in", self.path("token.key"), "-noout", "-modulus").decode().strip().split("=")[1]
        (self.folder / "keys.json").write_text(json.dumps({"keys": [
            {"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", "n": url64(bytes.fromhex(modulus)), "e": "AQAB"}]}))

    def token(self, **claims):
        now = int(time.time())
        whole = {"iss": "https://id.example", "aud": "bartizan", "sub": "ann", "iat": now, "exp": now + 300, **claims}
        head = url64({"alg": "RS256", "kid": "one", "typ": "JWT"}) + "." + url64(whole)
        signature = openssl("dgst", "-sha256", "-sign", self.path("token.key"), data=head.encode())
        return head + "." + url64(signature)

    def context(self, certificate=None, authority="ca"):
        context = ssl.create_default_context(cafile=self.path(authority + ".pem"))
        if certificate:
            context.load_cert_chain(self.path(certificate + ".pem"), self.path(certificate + ".key"))
        return context

    def call(self, method, path, body=None, key=None, context=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context or self.context())
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Authorization": "Bearer " + key} if key else {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def who(self, **more):
        status, body = self.call("GET", "/v1/whoami", **more)
        return body.get("name") if status == 200 else status

    def test_who_may_speak_and_as_whom(self):
        self.assertEqual(self.who(key=self.key), "admin")
        self.assertEqual(self.who(), 401)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.who(key=self.key, context=self.context(authority="other"))
        self.check_client_certificates()
        self.check_tokens()
        self.check_versions()
        self.check_plain_text()
        self.check_slow_handshakes()
        self.check_renewal()
        self.service.send_signal(signal.SIGTERM)
        self.assertEqual(self.service.wait(60), 0)
        log = (self.folder / "log").read_text()
        self.assertNotIn(self.key[17:], log)

    def check_slow_handshakes(self):
        """Whoever begins a handshake and does not go on is closed in time (10 s), and holds up nobody."""
        slow = [socket.create_connection(("127.0.0.1", self.port), timeout=20) for _ in range(20)]
        for number, connection in enumerate(slow):
            connection.sendall(b"\x16\x03\x01\x02\x00\x01"[:number % 7])
        self.assertEqual(self.who(key=self.key), "admin")
        began = time.monotonic()
        for connection in slow:
            with connection:
                try:
                    while connection.recv(100):
                        pass
                except ConnectionError:
                    pass
        self.assertLess(time.monotonic() - began, 15)

    def check_client_certificates(self):
        self.assertEqual(self.who(context=self.context("edge")), 401, "a certificate that nobody has is nobody")
        subject = "CN=edge,O=Example"
        status, body = self.call("POST", "/v1/principals", {"name": "edge", "kind": "service", "external": "cert:" + subject},
                                 self.key)
        self.assertEqual(status, 201, body)
        self.assertEqual(self.who(context=self.context("edge")), "edge")
        # The same name by another authority: the connection ends, or the caller is nobody; never edge.
        try:
            self.assertEqual(self.who(context=self.context("foreign")), 401)
        except (ssl.SSLError, ConnectionError, http.client.HTTPException):
            pass

    def check_tokens(self):
        self.assertEqual(self.who(key=self.token()), 401)
        status, body = self.call("POST", "/v1/principals",
                                 {"name": "ann", "kind": "person", "external": "jwt:https://id.example#ann"}, self.key)
        self.assertEqual(status, 201, body)
        self.assertEqual(self.who(key=self.token()), "ann")
        for wrong in ({"aud": "other"}, {"iss": "https://evil.example"}, {"exp": int(time.time()) - 600}, {"sub": "bob"},
                      {"nbf": int(time.time()) + 600}):
            self.assertIn(self.who(key=self.token(**wrong)), (401, 429), wrong)

    def check_versions(self):
        for version, taken in ((ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, None), (ssl.TLSVersion.TLSv1_1, False)):
            context = self.context()
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            try:
                self.who(key=self.key, context=context)
                self.assertNotEqual(taken, False, f"{version} was taken")
            except (ssl.SSLError, ConnectionError):
                self.assertNotEqual(taken, True, f"{version} was refused")

    def check_plain_text(self):
        """HTTP on the port of TLS gets no answer that looks like one; the service goes on."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain:
            plain.sendall(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + self.key.encode() + b"\r\n\r\n")
            try:
                self.assertNotIn(b"admin", plain.recv(1000))
            except ConnectionError:
                pass
        self.assertEqual(self.who(key=self.key), "admin")

    def check_renewal(self):
        """A new certificate holds after SIGHUP, without a restart; a broken one is refused and the old one goes on."""
        def serial():
            with socket.create_connection(("127.0.0.1", self.port)) as plain, \
                    self.context().wrap_socket(plain, server_hostname="localhost") as secure:
                return secure.getpeercert()["serialNumber"]

        before = serial()
        self.certificate("server", "/CN=localhost", "ca", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.service.send_signal(signal.SIGHUP)
        until = time.monotonic() + 30
        while serial() == before:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.1)
        renewed = serial()
        (self.folder / "server.pem").write_text("this is no certificate")
        self.service.send_signal(signal.SIGHUP)
        while "config.refused" not in (self.folder / "log").read_text():
            self.assertLess(time.monotonic(), until + 30)
            time.sleep(0.1)
        self.assertEqual(serial(), renewed)


if __name__ == "__main__":
    unittest.main()

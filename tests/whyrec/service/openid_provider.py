"""A small OpenID provider over HTTP: discovery, keys, authorization code with PKCE; a test says who signs in."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, CLIENT_SECRET = "whyrec", "the secret of the client"


class Provider:
    """``person``: the claims of whoever signs in; ``claims``: what ID tokens say besides, even what is wrong."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.person: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.asked: list[dict[str, str]] = []
        self.keys_given = 0
        self._codes: dict[str, dict[str, str]] = {}
        self.rotate()

    def rotate(self) -> None:
        """Sign with another key from now on, and show no other."""
        self.key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)})

    def token(self, **claims: Any) -> str:
        """A token for this service, but for what is told."""
        usual = {"iss": self.issuer, "sub": "s1", "aud": CLIENT, "exp": int(time.time()) + 300}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, {**usual, **claims}, self.key)

    def get(self, path: str, asked: dict[str, str]) -> Any:
        """A document, or where to go."""
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return {"issuer": self.issuer, **{name: self.issuer + end for name, end in ends.items()}}
        if path == "/keys":
            self.keys_given += 1
            return {"keys": [self.key.as_dict(private=False)]}
        assert path == "/authorize" and asked["response_type"] == "code" and asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = secrets.token_hex(8)
        self._codes[code] = asked
        self.asked.append(asked)
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def post(self, told: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Tokens for a code, once; ``None`` where it is refused."""
        asked = self._codes.pop(told["code"], None)
        basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET.replace(' ', '+')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or authorization.removeprefix("Basic ") not in (basic, plain):
            return None
        digest = hashlib.sha256(told["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (challenge, told["redirect_uri"]) != (asked["code_challenge"], asked["redirect_uri"]):
            return None
        claims = {"nonce": asked["nonce"], **self.person, **self.claims}
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.token(**claims)}


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            found = known.get(parts.path, {name: one[0] for name, one in parse_qs(parts.query).items()})
            if isinstance(found, str):
                self.send_response(303)
                self.send_header("Location", found)
                self.end_headers()
            else:
                self._send(200, found)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told = {name: one[0] for name, one in parse_qs(body).items()}
            found = known.post(told, self.headers.get("Authorization", ""))
            self._send(200 if found else 400, found or {"error": "invalid_grant"})

        def _send(self, status: int, document: Any) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known = Provider(f"http://127.0.0.1:{server.server_address[1]}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()

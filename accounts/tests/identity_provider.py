"""A real OpenID Connect provider on this machine, which can also give wrong answers."""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import oidc_provider_mock
import requests
from django.test import Client
from joserfc import jws
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

BEGIN, CALLBACK = "/sign-in/single-sign-on", "/sign-in/single-sign-on/callback"
FOREIGN_KEY = RSAKey.generate_key(2048, auto_kid=True)


def reissued(token: str, **claims: Any) -> str:
    """Return the token with other claims, signed by FOREIGN_KEY."""
    found = jws.extract_compact(token.encode())
    payload = json.dumps(json.loads(found.payload or b"") | claims)
    header = {"alg": "RS256", "kid": FOREIGN_KEY.kid}
    return jws.serialize_compact(header, payload, FOREIGN_KEY)


def without(token: str, names: tuple[str, ...]) -> str:
    """Return the token without some claims, signed by FOREIGN_KEY."""
    claims = json.loads(jws.extract_compact(token.encode()).payload or b"")
    kept = {name: value for name, value in claims.items() if name not in names}
    header = {"alg": "RS256", "kid": FOREIGN_KEY.kid}
    return jws.serialize_compact(header, json.dumps(kept), FOREIGN_KEY)


def unsigned(token: str) -> str:
    """Return the token with the algorithm "none", written by hand: no library makes such tokens."""
    header = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


@dataclass
class IdentityProvider:
    """A provider at which anybody can sign in; `tamper` changes the tokens that it
    issues, and `publishes` adds keys to its own."""

    url: str
    tamper: Callable[[str], str] = lambda token: token
    issuer: str = ""
    leaves_out: tuple[str, ...] = ()
    publishes: list[RSAKey] = field(default_factory=list)

    def knows(self, subject: str, **claims: Any) -> None:
        requests.put(f"{self.url}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def sign_in(self, client: Client, subject: str, *, query: str = "", **answer: Any) -> Any:
        """Go there and back like a browser; `answer` replaces parameters of the way back."""
        there = client.get(BEGIN + query)
        assert there.status_code == 302, there.content
        form = {"sub": subject, **answer.pop("form", {})}
        back = requests.post(there["Location"], data=form, allow_redirects=False, timeout=5)
        return client.get(come_back(back.headers["Location"], **answer))


def come_back(location: str, **answer: str) -> str:
    query = dict(Request.from_values(location).args) | answer
    return str(Request.from_values(CALLBACK, query_string=query).full_path)


def _tampering(app: Any, provider: IdentityProvider) -> Any:
    @Request.application
    def wrapped(request: Request) -> Response:
        response = Response.from_app(app, request.environ)
        if request.path == "/oauth2/token" and response.status_code == 200:
            body = json.loads(response.get_data())
            body["id_token"] = provider.tamper(body["id_token"])
            if provider.leaves_out:
                body["id_token"] = without(body["id_token"], provider.leaves_out)
            response.set_data(json.dumps(body))
        if provider.issuer and request.path == "/.well-known/openid-configuration":
            response.set_data(
                json.dumps(json.loads(response.get_data()) | {"issuer": provider.issuer})
            )
        if request.path == "/jwks":
            keys = json.loads(response.get_data())["keys"]
            more = [one.as_dict(private=False) for one in provider.publishes]
            response.set_data(json.dumps({"keys": keys + more}))
        return response

    return wrapped


@contextmanager
def running_provider(port: int = 0) -> Iterator[IdentityProvider]:
    """Run a provider with a new key; at a given port, it is the same one with a rotated key."""
    provider = IdentityProvider("")
    app = _tampering(oidc_provider_mock.app(require_nonce=True), provider)
    server = make_server("localhost", port, app, threaded=True)
    provider.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

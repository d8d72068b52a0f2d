"""A real LTI 1.3 platform on this machine, which can also send wrong messages."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import requests
from django.test import Client
from joserfc.jwk import RSAKey
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.nrps import LtiNrps
from lti1p3platform.registration import Registration
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from lti.models import Context, Platform
from lti.protocol import tool_keys
from lti.protocol.claims import CLAIM, MEMBERSHIP

INSTRUCTOR, LEARNER = f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}#Learner"
CLIENT, DEPLOYMENT, CONTEXT = "kpi", "1", "python-101"
FORM = """<!doctype html><title>LMS</title>
<form method="post" action="{action}">{fields}</form><script>document.forms[0].submit()</script>"""

Claims = dict[str, Any]


@dataclass
class Lms:
    """An LMS in whose course `CONTEXT` anybody can open the site, as whom `people` says."""

    url: str = ""
    people: dict[str, Claims] = field(default_factory=dict)
    # the entries of its roster, and how many it gives per page
    roster: list[Claims] = field(default_factory=list)
    page: int = 100
    # its answers to the request for a roster, in words of the protocol
    next_page: Callable[[str], str] = lambda url: url
    status: int = 200
    # what it changes in its messages, and the key that signs them
    change: Callable[[Claims], Claims] = lambda claims: claims
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    published: RSAKey | None = None

    def knows(self, subject: str, *roles: str, **claims: Any) -> None:
        self.people[subject] = {CLAIM + "roles": list(roles), **claims}

    def connected(self, **fields: Any) -> Platform:
        """Connect it with the site, as staff do."""
        return Platform.objects.create(
            **{
                "name": "LMS",
                "issuer": self.url,
                "client_id": CLIENT,
                "deployment_ids": DEPLOYMENT,
                "authorization_url": f"{self.url}/auth",
                "keys_url": f"{self.url}/keys",
                "token_url": f"{self.url}/token",
                **fields,
            }
        )

    def asks(self, subject: str, **more: str) -> str:
        """Return the address by which it begins a launch."""
        query = {
            "iss": self.url,
            "client_id": CLIENT,
            "login_hint": subject,
            "lti_message_hint": CONTEXT,
            "target_link_uri": "http://testserver/lti/launch",
            **more,
        }
        return f"/lti/login?{urlencode(query)}"

    def open(self, client: Client, subject: str, **form: str) -> Any:
        """Open the site like a browser; `form` replaces what the LMS sends back."""
        return client.post("/lti/launch", {**self.message(client, subject), **form})

    def message(self, client: Client, subject: str) -> dict[str, str]:
        """Go to the LMS and return the form that it sends back."""
        there = client.get(self.asks(subject))
        assert there.status_code == 302, there.content
        page = requests.get(there["Location"], headers={"Accept": "application/json"}, timeout=5)
        found: dict[str, str] = page.json()
        return found


class Configuration(LTI1P3PlatformConfAbstract):  # type: ignore[misc]
    def init_platform_config(self, lms: Lms) -> None:
        self.lms = lms

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        published = self.lms.published or self.lms.key
        registration = Registration()
        registration.set_iss(self.lms.url).set_client_id(CLIENT).set_deployment_id(DEPLOYMENT)
        registration.set_launch_url("http://testserver/lti/launch")
        registration.set_platform_public_key(published.as_pem(private=False).decode())
        registration.set_platform_private_key(self.lms.key.as_pem(private=True).decode())
        return registration


class Launch(LTIAdvantageMessageLaunchAbstract):  # type: ignore[misc]
    lms: Lms
    asked: dict[str, str]

    def prepare_launch(self, preflight_response: dict[str, Any]) -> None:
        subject = self.asked["login_hint"]
        person = dict(self.lms.people[subject])
        self.set_user_data(subject, person.pop(CLAIM + "roles"))
        self.set_resource_link_claim("link-1")
        self.set_launch_context_claim(CONTEXT, context_title="Python 101", context_label="PY")
        self.set_extra_claims(LtiNrps(f"{self.lms.url}/members").get_lti_nrps_launch_claim())
        self.set_extra_claims(person)

    def get_launch_message(self, include_extra_claims: bool = True) -> Claims:
        return self.lms.change(super().get_launch_message(include_extra_claims))

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return launch_data


def _app(lms: Lms) -> Any:
    @Request.application
    def app(request: Request) -> Response:
        configuration = Configuration(lms=lms)
        registration = configuration.get_registration()
        registration.set_tool_key_set(tool_keys_of())
        match request.path:
            case "/keys":
                return _json(configuration.get_jwks())
            case "/auth":
                return _launched(lms, configuration, request)
            case "/token":
                form = request.form.to_dict()
                return _json(configuration.get_access_token(form))
            case "/members":
                return _members(lms, configuration, request)
            case "/course":
                target = request.args["site"]
                return Response(f'<iframe src="{html.escape(target)}" width="390" height="800">',
                                content_type="text/html")  # fmt: skip
        return Response(status=404)

    return app


# the server's thread sees no rows of a test's transaction
_TOOL_KEYS: dict[str, Any] = {}


def tool_keys_of() -> dict[str, Any]:
    return _TOOL_KEYS


def publish_tool_keys() -> None:
    _TOOL_KEYS.clear()
    _TOOL_KEYS.update(tool_keys.public_keys())


def _launched(lms: Lms, configuration: Configuration, request: Request) -> Response:
    asked = request.args.to_dict()
    launch = Launch(SimpleNamespace(get_data=asked), configuration)
    launch.lms, launch.asked = lms, asked
    form = launch.lti_launch()
    action = form.pop("launch_url")
    if "application/json" in request.headers["Accept"]:
        return _json(form)
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
        for name, value in form.items()
    )
    return Response(FORM.format(action=html.escape(action), fields=fields),
                    content_type="text/html")  # fmt: skip


def _members(lms: Lms, configuration: Configuration, request: Request) -> Response:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    configuration.validate_token(token)
    at = int(request.args.get("at", "0"))
    body = {"id": request.url, "members": lms.roster[at : at + lms.page]}
    response = _json(body, lms.status)
    if at + lms.page < len(lms.roster):
        following = lms.next_page(f"{lms.url}/members?at={at + lms.page}")
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@contextmanager
def running_lms(host: str = "127.0.0.1") -> Iterator[Lms]:
    lms = Lms()
    server = make_server(host, 0, _app(lms), threaded=True)
    lms.url = f"http://{host}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield lms
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def the_context(**fields: Any) -> Context:
    """Return the LMS's course after its first launch, connected as staff do it."""
    context = Context.objects.get()
    for name, value in fields.items():
        setattr(context, name, value)
    context.save()
    return context

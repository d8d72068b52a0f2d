"""The way to the LMS and back: the request for a signed message, and the state that it returns.

The state is signed and names the browser by a cookie, so that nobody can make another person open
a message of theirs. Browsers that take no cookies in a frame open the page in a window instead.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from lti.models import Platform
from lti.protocol.errors import LaunchRefused

SALT = "lti.login"
VALID_FOR = timedelta(minutes=10)
COOKIE = f"{settings.COOKIE_PREFIX}lti-"
HINTS = ("login_hint", "lti_message_hint", "target_link_uri", "lti_deployment_id")


@dataclass(frozen=True)
class State:
    platform: int
    nonce: str
    # to begin again in a window of its own
    again: str

    def signed(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)


def begin(request: HttpRequest, asked: QueryDict) -> tuple[Platform, State, str]:
    """Return the LMS that asks, the new state, and the address to redirect to."""
    platform = platform_of(asked.get("iss", ""), asked.get("client_id", ""))
    if not asked.get("login_hint"):
        raise LaunchRefused(
            gettext("login_hint is missing: open this page from a course of %(lms)s.")
            % {"lms": platform},
            status=400,
        )
    hints = {name: asked[name] for name in HINTS if asked.get(name)}
    again = {"iss": platform.issuer, "client_id": platform.client_id, **hints}
    state = State(platform.pk, secrets.token_urlsafe(32), urlencode(again))
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": request.build_absolute_uri(reverse("lti:launch")),
        "login_hint": asked["login_hint"],
        "nonce": state.nonce,
        "state": state.signed(),
    }
    if asked.get("lti_message_hint"):
        query["lti_message_hint"] = asked["lti_message_hint"]
    joint = "&" if "?" in platform.authorization_url else "?"
    return platform, state, f"{platform.authorization_url}{joint}{urlencode(query)}"


def platform_of(issuer: str, client_id: str) -> Platform:
    found = Platform.objects.filter(issuer=issuer, is_active=True)
    if client_id:
        found = found.filter(client_id=client_id)
    platforms = list(found[:2]) if "\0" not in issuer + client_id else []
    if len(platforms) == 1:
        return platforms[0]
    if platforms:
        raise LaunchRefused(
            gettext("client_id is missing: this LMS is connected more than once."), status=400
        )
    raise LaunchRefused(
        gettext("This LMS is not connected to this site. Its administrator can connect it."),
        log="a launch of an unknown LMS",  # not translated: a log
        status=404,
    )


def state_of(text: str) -> State:
    """Return a state that this site signed; LaunchRefused if it is forged or too old."""
    try:
        return State(**signing.loads(text, salt=SALT, max_age=VALID_FOR))
    except signing.SignatureExpired as error:
        raise LaunchRefused(
            gettext("This page was opened too long ago. Go back to your course and open it again.")
        ) from error
    except (signing.BadSignature, TypeError) as error:
        raise LaunchRefused(
            gettext(
                "This page was not opened from a course. Go back to your LMS and open it there."
            )
        ) from error


def cookie_name(state: State) -> str:
    """Return the name of the cookie of one launch: several may be under way in one browser."""
    return COOKIE + state.nonce[:12].replace("-", "_")


def set_cookie(response: HttpResponse, state: State) -> None:
    response.set_cookie(
        cookie_name(state),
        state.nonce,
        max_age=VALID_FOR,
        secure=True,
        httponly=True,
        samesite="None",
    )
    response.cookies[cookie_name(state)]["partitioned"] = True


def delete_cookie(response: HttpResponse, state: State) -> None:
    response.delete_cookie(cookie_name(state), samesite="None")  # not translated: a header


def is_same_browser(request: HttpRequest, state: State) -> bool:
    found = request.COOKIES.get(cookie_name(state), "")
    return secrets.compare_digest(found.encode(), state.nonce.encode())

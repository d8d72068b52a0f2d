"""Sign in at an OpenID Connect provider: authorization code flow with PKCE, state and nonce.

Authlib speaks the protocol. Every sign-in reads the provider's configuration and keys afresh, so
that a provider which rotates its keys, even under the same name, needs no restart here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from joserfc.errors import JoseError
from requests import RequestException

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10


class SignInError(Exception):
    """The sign-in failed for a reason that its message tells the visitor."""


class ProviderUnavailableError(SignInError):
    """The identity provider does not answer, or not as agreed."""


@dataclass(frozen=True)
class Identity:
    """Who the provider says this is; its signature, issuer, audience and nonce were checked."""

    # with the issuer, since two providers may give the same one to different people
    subject: str
    email: str
    is_email_verified: bool
    name: str
    groups: frozenset[str]
    sign_out_url: str


def is_on() -> bool:
    return bool(settings.KPI_OIDC_ISSUER)


def begin(request: HttpRequest, redirect_uri: str) -> HttpResponse:
    """Redirect to the provider; SignInError when it cannot be reached."""
    with _explained():
        response: HttpResponse = _client().authorize_redirect(request, redirect_uri)
    return response


def finish(request: HttpRequest, *, signed_out_uri: str) -> Identity:
    """Exchange the code of the callback; SignInError when anything does not match."""
    with _explained():
        client = _client()
        token = client.authorize_access_token(request)
        claims = token.get("userinfo")
        if not claims:
            raise OAuthError("no_id_token")
        if "email" not in claims:
            claims = {**_userinfo(client, token, claims["sub"]), **claims}
        return Identity(
            subject=f"{settings.KPI_OIDC_ISSUER.rstrip('/')} {claims['sub']}",
            email=_text(claims.get("email")),
            is_email_verified=claims.get("email_verified") in (True, "true"),
            name=_text(claims.get("name"))[:200],
            groups=_groups(claims.get(settings.KPI_OIDC_GROUPS_CLAIM)),
            sign_out_url=_sign_out_url(client, token["id_token"], signed_out_uri),
        )


def _client() -> Any:
    """Return a client with the provider's configuration of this moment."""
    client = OAuth().register(
        "single-sign-on",
        client_id=settings.KPI_OIDC_CLIENT_ID,
        client_secret=settings.KPI_OIDC_CLIENT_SECRET,
        server_metadata_url=f"{settings.KPI_OIDC_ISSUER}/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.KPI_OIDC_SCOPES,
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    )
    metadata = client.load_server_metadata()
    if str(metadata.get("issuer", "")).rstrip("/") != settings.KPI_OIDC_ISSUER.rstrip("/"):
        raise OAuthError("wrong_issuer")
    # only signatures that need the provider's private key
    algorithms = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [
        one for one in algorithms if one != "none" and not one.startswith("HS")
    ]
    return client


def _userinfo(client: Any, token: dict[str, Any], subject: str) -> dict[str, Any]:
    found: dict[str, Any] = client.userinfo(token=token)
    if found.get("sub") != subject:
        raise OAuthError("other_subject")
    return found


def _sign_out_url(client: Any, id_token: str, signed_out_uri: str) -> str:
    """Return where to end the provider's own session; empty if it offers no such page."""
    if not client.server_metadata.get("end_session_endpoint"):
        return ""
    found: dict[str, str] = client.create_logout_url(
        post_logout_redirect_uri=signed_out_uri,
        id_token_hint=id_token,
        client_id=settings.KPI_OIDC_CLIENT_ID,
    )
    return found["url"]


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the errors of the protocol into sentences, and log which they were."""
    try:
        yield
    except OAuthError as error:
        # the provider's own words may name a person
        logger.warning("Single sign-on failed: %s", str(error.error)[:100])
        if error.error == "access_denied":
            raise SignInError(gettext("You canceled the sign-in.")) from error
        raise SignInError(
            gettext("This sign-in could not be completed, or took too long. Try again.")
        ) from error
    except JoseError as error:
        logger.warning("Single sign-on failed: %s", type(error).__name__)
        raise SignInError(
            gettext("The identity provider's answer is not valid. Try again, or ask the staff.")
        ) from error
    except (RequestException, RuntimeError, LookupError, TypeError, ValueError) as error:
        logger.exception("Single sign-on is not available")
        raise ProviderUnavailableError(
            gettext("%(name)s is not available right now. Try again in a few minutes.")
            % {"name": settings.KPI_OIDC_NAME}
        ) from error


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) and "\0" not in value else ""


def _groups(value: Any) -> frozenset[str]:
    """Return the values of a claim that is a list or a single text."""
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))

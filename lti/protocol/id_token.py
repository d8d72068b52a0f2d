"""Verify the signed message of a launch (LTI 1.3, section 5.1 and Security Framework 1.0)."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from joserfc import jwt
from joserfc.errors import BadSignatureError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from lti.models import Platform, UsedNonce
from lti.protocol import platform_keys
from lti.protocol.claims import CLAIM, Launch, launch_of
from lti.protocol.errors import LaunchRefused

# only signatures that need the LMS's private key
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
# some LMSs name their certificates in the header, which the library's limit of 512 bytes refuses
REGISTRY = JWSRegistry(algorithms=ALGORITHMS)
REGISTRY.max_header_length = 16_384
# seconds by which the clocks may differ
LEEWAY = 60


def verified(platform: Platform, token: str, nonce: str) -> Launch:
    """Return what the message says; LaunchRefused unless everything in it is as agreed."""
    claims = _signed_claims(platform, token)
    _check_audience(platform, claims)
    if claims.get("nonce") != nonce:
        raise _invalid("the nonce is of another launch")  # not translated: a log
    if claims.get(CLAIM + "version") != "1.3.0":
        raise _invalid("the version is not 1.3.0")  # not translated: a log
    if claims.get(CLAIM + "message_type") != "LtiResourceLinkRequest":
        raise LaunchRefused(
            gettext("This site can only be opened as a link in a course (LtiResourceLinkRequest)."),
            status=400,
        )
    if claims.get(CLAIM + "deployment_id") not in platform.deployments:
        raise LaunchRefused(
            gettext(
                "This deployment of %(lms)s is not connected to this site. Ask the staff to add"
                " its deployment id."
            )
            % {"lms": platform},
            log=f"an unknown deployment of LMS {platform.pk}",  # not translated: a log
        )
    if not isinstance(claims.get("sub"), str) or not claims["sub"].strip():
        raise LaunchRefused(
            gettext("The LMS does not say who you are; anonymous launches cannot be shown.")
        )
    return launch_of(claims)


def use_once(nonce: str) -> None:
    """Remember the nonce; LaunchRefused if a message with it has been accepted before."""
    try:
        with transaction.atomic():
            UsedNonce.objects.create(value=nonce)
    except IntegrityError as error:
        raise LaunchRefused(
            gettext("This page has been opened already. Go back to your course and open it again.")
        ) from error


def _signed_claims(platform: Platform, token: str) -> dict[str, Any]:
    keys = platform_keys.keys_of(platform)
    try:
        return _decoded(token, keys)
    except (BadSignatureError, ValueError, JoseError) as error:
        if not platform_keys.may_read_again(platform):
            raise _invalid(type(error).__name__) from error
    try:
        return _decoded(token, platform_keys.read(platform))
    except (ValueError, JoseError) as error:
        raise _invalid(type(error).__name__) from error


def _decoded(token: str, keys: KeySet) -> dict[str, Any]:
    return jwt.decode(token, keys, registry=REGISTRY).claims


def _check_audience(platform: Platform, claims: dict[str, Any]) -> None:
    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": platform.issuer},
        aud={"essential": True, "value": platform.client_id},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(claims)
    except ExpiredTokenError as error:
        raise LaunchRefused(
            gettext("This page was opened too long ago. Go back to your course and open it again.")
        ) from error
    except JoseError as error:
        raise _invalid(f"{type(error).__name__}: {error.description}"[:200]) from error
    many = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if many else platform.client_id) != platform.client_id:
        raise _invalid("azp is another client")  # not translated: a log


def _invalid(why: str) -> LaunchRefused:
    return LaunchRefused(
        gettext("The LMS’s message is not valid. Open the page again, or ask the staff."),
        log=f"an invalid message: {why}",  # not translated: a log
    )

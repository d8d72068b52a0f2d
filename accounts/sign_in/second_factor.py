"""The second factor: codes of an authenticator app, and recovery codes for when it is lost."""

from __future__ import annotations

import logging
from base64 import b32encode
from hashlib import sha256
from os import urandom
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User

logger = logging.getLogger(__name__)

PASSED = "second_factor"
SETS_UP = "second_factor_to_set_up"
BY_PROVIDER = "identity provider"  # not translated: for the session
RECOVERY_CODES = 10


def is_required(user: User) -> bool:
    return user.is_staff and settings.KPI_STAFF_SECOND_FACTOR == "REQUIRED"


def is_set_up(user: User) -> bool:
    return user.second_factor_since is not None


def is_missing(session: SessionBase, user: User) -> bool:
    """Return whether the session has a password only, but needs a second factor as well."""
    if not (is_set_up(user) or is_required(user)):
        return False
    passed = session.get(PASSED)
    if passed == BY_PROVIDER and settings.KPI_OIDC_SECOND_FACTOR:
        return False
    return not is_set_up(user) or passed != _proof(user)


def mark_passed(request: HttpRequest, user: User) -> None:
    """Let this session in; resetting the second factor shuts it out again."""
    request.session.cycle_key()
    request.session[PASSED] = _proof(user)


def mark_passed_at_provider(request: HttpRequest) -> None:
    request.session[PASSED] = BY_PROVIDER


def _proof(user: User) -> str:
    return user.second_factor_since.isoformat() if user.second_factor_since else ""


def renew_device(user: User) -> TOTPDevice:
    """Return a new app to set up; it has no effect until its first code.

    A former one that was never confirmed is gone: somebody else may have seen its secret.
    """
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    return TOTPDevice.objects.create(user=user, confirmed=False)


def proof_of(device: TOTPDevice) -> str:
    """Return what names an app without telling its secret, for links and sessions."""
    digest = salted_hmac("accounts.second-factor", device.key, algorithm="sha256").hexdigest()
    return f"{device.pk}-{digest}"


def remember(session: SessionBase, device: TOTPDevice) -> None:
    """Let this session, and no other, set up the app."""
    session[SETS_UP] = proof_of(device)


def device_to_set_up(session: SessionBase, user: User) -> TOTPDevice | None:
    """Return the app that this session may set up."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return device if device and session.get(SETS_UP) == proof_of(device) else None


def secret_of(device: TOTPDevice) -> str:
    """Return the secret to type into an app that cannot read the QR code."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@transaction.atomic
def set_up(user: User, device: TOTPDevice, code: str) -> list[str] | None:
    """Turn the second factor on by the first code of the app; return the recovery codes.

    None if the code is wrong, or if the app has been replaced or set up meanwhile.
    """
    found = TOTPDevice.objects.select_for_update().filter(pk=device.pk, confirmed=False).first()
    if found is None or not found.verify_token(_normalized(code)):
        return None
    TOTPDevice.objects.filter(user=user, confirmed=True).delete()
    found.confirmed = True
    found.save(update_fields=["confirmed"])
    user.second_factor_since = timezone.now()
    user.save(update_fields=["second_factor_since"])
    logger.info("Account %s set up a second factor", user.pk)
    return new_recovery_codes(user)


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes; only their digests are stored."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = [b32encode(urandom(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    for code in codes:
        device.token_set.create(token=_digest(user, code))
    return ["-".join((code[:4], code[4:8], code[8:12], code[12:])) for code in codes]


def recovery_codes_left(user: User) -> int:
    return sum(one.token_set.count() for one in StaticDevice.objects.filter(user=user))


@transaction.atomic
def verify(user: User, code: str) -> bool:
    """Use up a code of the app or a recovery code; False if it is wrong or was used before."""
    given = _normalized(code)
    if given.isdigit():
        return any(one.verify_token(given) for one in _locked(TOTPDevice, user))
    digest = _digest(user, given)
    is_right = any(one.verify_token(digest) for one in _locked(StaticDevice, user))
    if is_right:
        logger.info("Account %s used a recovery code", user.pk)
    return is_right


def wait_seconds(user: User) -> int:
    """Return how long the library lets nobody try after wrong codes; 0 if not at all."""
    waits = []
    for model in (TOTPDevice, StaticDevice):
        for one in model.objects.filter(user=user, confirmed=True):
            allowed, details = one.verify_is_allowed()
            if not allowed:
                ends_at: Any = (details or {}).get("locked_until")
                waits.append((ends_at - timezone.now()).total_seconds() if ends_at else 1)
    return max(0, *(int(one) + 1 for one in waits)) if waits else 0


@transaction.atomic
def reset(user: User, *, by: str) -> None:
    """Turn the second factor off, for its owner or for somebody who has lost it."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    user.second_factor_since = None
    user.save(update_fields=["second_factor_since"])
    logger.warning("The second factor of account %s was turned off by %s", user.pk, by)


def _locked(model: type[Device], user: User) -> list[Device]:
    """Return the confirmed devices, locked so that no code counts twice."""
    return list(model.objects.select_for_update().filter(user=user, confirmed=True))


def _normalized(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _digest(user: User, code: str) -> str:
    """Return a digest as long as the library's column; a code has 80 random bits."""
    return sha256(f"{user.pk}:{code}".encode()).hexdigest()[:16]

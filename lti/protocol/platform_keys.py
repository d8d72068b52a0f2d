"""The public keys of an LMS, kept until it signs with another one."""

from __future__ import annotations

import logging
from datetime import timedelta

import requests
from django.utils import timezone
from django.utils.translation import gettext
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lti.models import Platform
from lti.protocol.errors import PlatformUnavailable

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
# a forged message cannot make this site ask the LMS more often
READ_AGAIN_AFTER = timedelta(minutes=1)


def keys_of(platform: Platform) -> KeySet:
    """Return the stored keys, or read them; PlatformUnavailable if neither is possible."""
    return _imported(platform) if platform.key_set else read(platform)


def may_read_again(platform: Platform) -> bool:
    at = platform.key_set_read_at
    return at is None or timezone.now() - at > READ_AGAIN_AFTER


def read(platform: Platform) -> KeySet:
    """Read the keys from the LMS and store them."""
    # first, so that failures count as well
    platform.key_set_read_at = timezone.now()
    platform.save(update_fields=["key_set_read_at"])
    try:
        response = requests.get(platform.keys_url, timeout=TIMEOUT_SECONDS)
        response.raise_for_status()
        platform.key_set = response.json()
        keys = _imported(platform)
    except (requests.RequestException, ValueError) as error:
        raise _unavailable(platform, error) from error
    platform.save(update_fields=["key_set"])
    return keys


def _imported(platform: Platform) -> KeySet:
    try:
        return KeySet.import_key_set(platform.key_set)
    except (JoseError, KeyError, TypeError, ValueError) as error:
        raise _unavailable(platform, error) from error


def _unavailable(platform: Platform, error: Exception) -> PlatformUnavailable:
    return PlatformUnavailable(
        gettext("%(lms)s does not publish its keys right now. Try again in a few minutes.")
        % {"lms": platform},
        log=f"the keys of LMS {platform.pk}: {type(error).__name__}",  # not translated: a log
    )

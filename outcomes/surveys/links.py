"""The signed links by which learners answer, without an account."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT = "outcomes.survey"
# a wave that is open for longer sends its links anew with the reminder
LINK_LASTS = timedelta(days=120)


def token_of(invitation_id: int) -> str:
    """Sign which invitation is answered and when the link was made: nothing of the learner."""
    return signing.dumps(invitation_id, salt=SALT)


def invitation_id_of(token: str) -> int:
    """SignatureExpired when the link is too old, BadSignature when it is none of ours."""
    invitation_id = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    if not isinstance(invitation_id, int):
        raise signing.BadSignature("This names no invitation.")
    return invitation_id


def address_of(invitation_id: int) -> str:
    """The whole address, as it stands in an e-mail."""
    return settings.KPI_BASE_URL + reverse("outcomes:survey", args=[token_of(invitation_id)])


def host() -> str:
    """The name under which we are reached, without a port."""
    return urlsplit(settings.KPI_BASE_URL).hostname or "localhost"

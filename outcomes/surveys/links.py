"""Make and read the signed links with which learners answer without an account."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT = "outcomes.survey"
# longer than most waves are open; a reminder contains a new link
LINK_LASTS = timedelta(days=120)


def token_of(invitation_id: int) -> str:
    """Sign the ID of the invitation and the time; the token contains nothing about the learner."""
    return signing.dumps(invitation_id, salt=SALT)


def invitation_id_of(token: str) -> int:
    """The ID in a token; SignatureExpired if it is too old, BadSignature if it is not ours."""
    invitation_id = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    if not isinstance(invitation_id, int):
        raise signing.BadSignature("no invitation")  # not translated: for programmers
    return invitation_id


def url_of(invitation_id: int) -> str:
    """The complete URL of the survey page, for e-mails."""
    return settings.KPI_BASE_URL + reverse("outcomes:survey", args=[token_of(invitation_id)])


def host() -> str:
    """The host name of this site, without a port."""
    return urlsplit(settings.KPI_BASE_URL).hostname or "localhost"

"""Remember the code of a followed referral link: in a signed cookie, and for learners in a row."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from business import referral_codes
from curriculum.models import Learner

COOKIE = "referral"
SALT = "business.referral"


def remember(request: HttpRequest, response: HttpResponse, code: str) -> None:
    """Remember a valid code in the browser and, for a signed-in learner, in the database."""
    response.set_signed_cookie(
        COOKIE,
        code,
        salt=SALT,
        max_age=referral_codes.REMEMBERED_FOR,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",  # not translated: a cookie attribute
    )
    if learner := learner_of(request):
        referral_codes.remember(learner, code, now=timezone.now())


def store_for(user: User, request: HttpRequest) -> None:
    """Store the code that the browser remembers for the learner who signs in."""
    code = request.get_signed_cookie(
        COOKIE, default="", salt=SALT, max_age=referral_codes.REMEMBERED_FOR
    )
    learner = Learner.objects.filter(user=user).first()
    if learner and code:
        referral_codes.remember(learner, code, now=timezone.now())


def learner_of(request: HttpRequest) -> Learner | None:
    """Return the signed-in learner; None for staff, managers and anonymous visitors."""
    return Learner.objects.filter(user=request.user.pk).first() if request.user.pk else None

"""The code of a link that somebody followed: kept in a signed cookie and, once signed in, a row."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from business import referral_codes
from curriculum.models import Learner

COOKIE = "referral"
# apart from other signed cookies
SALT = "business.referral"


def remember(request: HttpRequest, response: HttpResponse, code: str) -> None:
    """Remember a code that somebody has: for the browser and, if it is a learner's, for them."""
    response.set_signed_cookie(
        COOKIE,
        code,
        salt=SALT,
        max_age=referral_codes.REMEMBERED_FOR,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    if learner := learner_of(request):
        referral_codes.remember(learner, code, now=timezone.now())


def keep_for(user: User, request: HttpRequest) -> None:
    """Who signs in takes along the code that their browser remembers."""
    code = request.get_signed_cookie(
        COOKIE, default="", salt=SALT, max_age=referral_codes.REMEMBERED_FOR
    )
    learner = Learner.objects.filter(user=user).first()
    if learner and code:
        referral_codes.remember(learner, code, now=timezone.now())


def learner_of(request: HttpRequest) -> Learner | None:
    """The learner who is signed in; None for staff, managers and strangers."""
    return Learner.objects.filter(user=request.user.pk).first() if request.user.pk else None

"""Referral links: follow one, or show one's own."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.audit import Action, record
from accounts.models import User
from business import referral_cookie
from business.models import Seat
from business.organizations import granted_to, holders_of
from business.referral_codes import code_of, owners
from core.readable_codes import normalize_code

PARAMETER = "referral_code"


@require_safe
@never_cache
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Remember the code of a followed link, and continue to the sign-up page."""
    code = normalize_code(code)
    if not owners([code]):
        return render(request, "business/unknown_code.html", status=404)
    response: HttpResponse = render(request, "business/remembered.html", {"code": code})
    if settings.KPI_SIGN_UP_URL:
        response = HttpResponseRedirect(with_code(settings.KPI_SIGN_UP_URL, code))
    referral_cookie.remember(request, response, code)
    return response


def with_code(address: str, code: str) -> str:
    """Add the code to an address as a parameter, or append it if the address ends in = or /."""
    if address.endswith(("=", "/")):
        return address + code
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), (PARAMETER, code)])
    return urlunsplit(parts._replace(query=query))


@require_safe
@login_required
def own_code(request: HttpRequest) -> HttpResponse:
    """Show the learner's own code and link, which are created the first time."""
    learner = referral_cookie.learner_of(request)
    code = code_of(learner) if learner else None
    link = request.build_absolute_uri(f"/r/{code.code}") if code else ""
    return render(request, "business/own_code.html", {"code": code, "link": link})


@require_safe
@never_cache
@login_required
def organizations(request: HttpRequest) -> HttpResponse:
    """Show the seats of the organizations that are granted to this account, and nobody else's."""
    user = request.user
    granted = granted_to(user) if isinstance(user, User) else ()
    shown = [(one, holders_of(one)) for one in granted]
    record(request, Action.VIEWED, about=Seat, count=sum(len(seats) for _, seats in shown))
    return render(request, "business/organizations.html", {"organizations": shown})

"""The signed link by which somebody ends the weekly summary, without signing in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User
from notifications.models import DigestUnsubscribe

SIGNER = signing.TimestampSigner(salt="dashboard-summary")
# every week brings a new link, and a mailbox that others read later must not be good for ever
GOOD_FOR = timedelta(days=180)


def link_of(user: User) -> str:
    """The whole address. It is good for half a year, so that older mails unsubscribe too."""
    token = SIGNER.sign_object(user.pk)
    return settings.KPI_BASE_URL + reverse("notifications:unsubscribe", args=[token])


# The link itself is the authority, and mail programs send the POST without any cookie.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def weekly_summary(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, and on POST do it: programs that only look at links must end nothing."""
    user = _user_of(token)
    if request.method == "POST":
        _decide(user, wants="subscribe" in request.POST)
    context = {"is_refused": DigestUnsubscribe.objects.filter(user=user).exists()}
    response = render(request, "notifications/unsubscribe.html", context)
    # the address is a secret: no link on the page carries it away, and no engine lists it
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _user_of(token: str) -> User:
    try:
        pk = SIGNER.unsign_object(token, max_age=GOOD_FOR)
        return User.objects.get(pk=pk, is_active=True)
    except (signing.BadSignature, User.DoesNotExist) as error:
        raise Http404 from error


def _decide(user: User, *, wants: bool) -> None:
    if wants:
        DigestUnsubscribe.objects.filter(user=user).delete()
    else:
        DigestUnsubscribe.objects.get_or_create(user=user)

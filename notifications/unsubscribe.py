"""The signed link to unsubscribe from the weekly summary without signing in."""

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
# each week brings a new link, and old mailboxes may fall into other hands
VALID_FOR = timedelta(days=180)


def unsubscribe_url(user: User) -> str:
    """Return the absolute URL, valid for half a year so that older mails work too."""
    token = SIGNER.sign_object(user.pk)
    return settings.KPI_BASE_URL + reverse("notifications:unsubscribe", args=[token])


# The link itself is the credential, and mail programs post to it without cookies.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def weekly_summary(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for confirmation, and act on POST only: mail scanners follow links."""
    user = _user_of(token)
    if request.method == "POST":
        if "subscribe" in request.POST:
            DigestUnsubscribe.objects.filter(user=user).delete()
        else:
            DigestUnsubscribe.objects.get_or_create(user=user)
    context = {"is_unsubscribed": DigestUnsubscribe.objects.filter(user=user).exists()}
    response = render(request, "notifications/unsubscribe.html", context)
    # the URL is a secret: keep it out of referrers and search engines
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _user_of(token: str) -> User:
    try:
        pk = SIGNER.unsign_object(token, max_age=VALID_FOR)
        return User.objects.get(pk=pk, is_active=True)
    except (signing.BadSignature, User.DoesNotExist) as error:
        raise Http404 from error

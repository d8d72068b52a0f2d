"""The signed link in each report to end its subscription without signing in."""

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

from dashboard.models import ReportSubscription
from dashboard.reports import subscriptions

SIGNER = signing.TimestampSigner(salt="dashboard-report")
# each report brings a new link, and old mailboxes may fall into other hands
VALID_FOR = timedelta(days=180)


def unsubscribe_url(subscription: ReportSubscription) -> str:
    token = SIGNER.sign_object(subscription.pk)
    return settings.KPI_BASE_URL + reverse("dashboard:end-report-by-link", args=[token])


# The link itself is the credential, and mail programs post to it without cookies.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def end_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for confirmation, and act on POST only: mail scanners follow links."""
    found = _subscription_of(token)
    if request.method == "POST":
        if "subscribe" in request.POST:
            subscriptions.resume(found)
        else:
            subscriptions.end(found, subscriptions.Ended.BY_READER)
        found.refresh_from_db()
    context = {"subscription": found, "title": subscriptions.title_of(found)}
    response = render(request, "dashboard/reports/unsubscribe.html", context)
    # the URL is a secret: keep it out of referrers and search engines
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _subscription_of(token: str) -> ReportSubscription:
    try:
        pk = SIGNER.unsign_object(token, max_age=VALID_FOR)
        return ReportSubscription.objects.get(pk=pk, user__is_active=True)
    except (signing.BadSignature, ReportSubscription.DoesNotExist) as error:
        raise Http404 from error

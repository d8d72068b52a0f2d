from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime

from django.core import signing
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import reporting_clock
from core.database.waiting import NO_WAIT, wait_at_most
from kpis.definitions.periods import local_day
from outcomes.models import Invitation, Response
from outcomes.surveys import events, links
from outcomes.surveys.forms import AnswerForm, initial_values

logger = logging.getLogger(__name__)


# The signed link grants access. There is no cookie that another site could misuse, and browsers
# without cookies can answer too.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """Show the survey of an invitation, and take the answer."""
    response = _answer(request, token, timezone.now())
    # the URL is secret: links must not send it to other sites, and search engines must not list it
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, token: str, now: datetime) -> HttpResponse:
    try:
        invitation = _invitation(token)
    except signing.SignatureExpired:
        return _error(request, "expired", 410)
    except (signing.BadSignature, Invitation.DoesNotExist):
        return _error(request, "unknown", 404)
    if not invitation.wave.is_open(now):
        return _error(request, "closed", 410)
    if request.method == "POST":
        return _save(request, invitation, now)
    _record_opened(invitation, now)
    return _show(request, invitation, now)


def _record_opened(invitation: Invitation, now: datetime) -> None:
    """Store when the survey was first opened; if the database is busy, the next visit does it."""
    if invitation.opened_at is None:
        with suppress(OperationalError), wait_at_most(NO_WAIT):
            Invitation.objects.filter(pk=invitation.pk, opened_at=None).update(opened_at=now)


def _invitation(token: str) -> Invitation:
    rows = Invitation.objects.select_related("wave__survey", "enrollment__learner")
    return rows.select_related("enrollment__run__course").get(pk=links.invitation_id_of(token))


def _show(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    """Show the questions, or the thanks if the learner has answered or dismissed the survey."""
    response = Response.objects.filter(
        wave=invitation.wave_id, enrollment=invitation.enrollment_id
    ).first()
    is_settled = response is not None or invitation.dismissed_at is not None
    if is_settled and "change" not in request.GET:
        return _page(request, "thanks", invitation, has_answered=response is not None)
    form = _form(invitation, now, initial=initial_values(response) if response else None)
    return _page(request, "survey", invitation, form=form, can_dismiss=not is_settled)


def _save(request: HttpRequest, invitation: Invitation, now: datetime) -> HttpResponse:
    form = _form(invitation, now, data=request.POST)
    is_dismissed = "dismiss" in request.POST
    if not is_dismissed and not form.is_valid():
        return _page(request, "survey", invitation, form=form, can_dismiss=True, status=422)
    try:
        if is_dismissed:
            events.record_dismissed(invitation, now)
        else:
            events.record_answered(invitation, form.event_data(), now)
    except (OperationalError, events.EventNotAccepted) as error:
        logger.error("a survey answer was not saved: %s", error)
        return _error(request, "busy", 503)
    return HttpResponseRedirect(request.path, status=303)


def _form(invitation: Invitation, now: datetime, **options: object) -> AnswerForm:
    return AnswerForm(
        invitation.wave.survey, local_day(now, reporting_clock.reporting_zone()), **options
    )


def _page(
    request: HttpRequest, name: str, invitation: Invitation, *, status: int = 200, **more: object
) -> HttpResponse:
    context = {
        "title": invitation.wave.survey.shown_text("title"),
        "introduction": invitation.wave.survey.shown_text("introduction"),
        "course": invitation.enrollment.run.course,
        "last_day": invitation.wave.last_day,
        **more,
    }
    return render(request, f"outcomes/{name}.html", context, status=status)


def _error(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(request, "outcomes/survey_error.html", {"reason": reason}, status=status)

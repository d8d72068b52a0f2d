"""The list of learners to help, the page of one with the contacts, and the card of the model."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from core import reporting_clock
from kpis.api.csv_response import csv_response
from kpis.definitions.periods import local_day
from support.access import enrollment_of, reader_of
from support.csv_rows import COLUMNS, csv_rows
from support.filters import RELATED, PageFilters
from support.models import Ranking, Standing
from support.outcomes import outcomes
from support.pages.cards import cards
from support.pages.contact_form import ContactForm
from support.pages.model_card import ModelCard
from support.pages.outcome_sentences import sentences, summary
from support.reading import note_list, note_one

PAGE_SIZE = 25


@login_required
@require_safe
def learners(request: HttpRequest) -> HttpResponse:
    user, reader = reader_of(request)
    filters = PageFilters.read(request.GET.dict(), reader)
    ranking = Ranking.objects.select_related("model").first()
    page = Paginator(filters.form.rows(), PAGE_SIZE).get_page(request.GET.get("page"))
    wanted = filters.form.cleaned_data
    note_list(user, len(page), course=wanted.get("course"))
    today = local_day(timezone.now(), reporting_clock.reporting_zone())
    found = outcomes(reader, today, course=wanted.get("course"), run=wanted.get("run"))
    context = {
        "reader": reader,
        "filters": filters,
        "filter_query": filters.query,
        "ranking": ranking,
        "page": page,
        "cards": cards(page, is_chance=bool(ranking and ranking.model_id)),
        "outcomes": sentences(found),
        "outcomes_summary": summary(found),
    }
    status = 400 if filters.errors else 200
    return render(request, "support/learners.html", context, status=status)


@login_required
@require_safe
def learners_csv(request: HttpRequest) -> HttpResponse:
    """All learners that match the filters; a wrong one is an error here, too."""
    user, reader = reader_of(request)
    filters = PageFilters.read(request.GET.dict(), reader)
    if filters.errors:
        message = next(iter(filters.errors.values()))[0]
        return HttpResponse(message, status=400, content_type="text/plain; charset=utf-8")
    rows = list(filters.form.rows())
    course = filters.form.cleaned_data.get("course")
    note_list(user, len(rows), course=course, is_export=True)
    ranking = Ranking.objects.first()
    lines = csv_rows(rows, is_chance=bool(ranking and ranking.model_id))
    return csv_response(lines, "learners-to-help.csv", COLUMNS)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def learner(request: HttpRequest, pk: int) -> HttpResponse:
    user, reader = reader_of(request)
    enrollment = enrollment_of(reader, pk)
    data = request.POST if request.method == "POST" else None
    form = ContactForm(data, enrollment=enrollment, user=user, now=timezone.now())
    if data is not None and form.perform():
        messages.success(request, gettext("Contact noted."))
        return HttpResponseRedirect(reverse("support:learner", args=[pk]))
    note_one(user, enrollment)
    standing = Standing.objects.filter(enrollment=enrollment).select_related(*RELATED)
    ranking = Ranking.objects.first()
    found = cards(standing, is_chance=bool(ranking and ranking.model_id))
    context = {
        "reader": reader,
        "enrollment": enrollment,
        "card": found[0] if found else None,
        "contacts": enrollment.contacts.select_related("noted_by"),
        "form": form,
    }
    return render(request, "support/learner.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def model(request: HttpRequest) -> HttpResponse:
    _, reader = reader_of(request)
    today = local_day(timezone.now(), reporting_clock.reporting_zone())
    found = outcomes(reader, today)
    context = {
        "reader": reader,
        "card": ModelCard.latest(reader),
        "outcomes": sentences(found),
        "outcomes_summary": summary(found),
    }
    return render(request, "support/model.html", context)

"""What is stored about a learner: to read, download, correct and erase."""

from __future__ import annotations

from copy import copy
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit import Action, record
from accounts.models import User
from core.post_only import post_only
from curriculum.exporting import Export, export_of
from curriculum.models import Learner
from learners.certificates.certified import keep_names
from learners.models import ErasureRequest
from learners.own_data import erasures
from learners.own_data.forms import ErasureForm, ProfileForm
from learners.own_data.held import held_about
from learners.own_learner import learners_of


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """Show what is stored, and correct the profile."""
    user, learner = _account_of(request), learners_of(request).select_related("user").first()
    # what a certificate has said so far
    former = (learner.name if learner else "") or user.name
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        _save(form, learner, former)
        messages.success(request, gettext("Your profile was saved."))
        return _back()
    return _page(request, learner, form=form)


@transaction.atomic
def _save(form: ProfileForm, learner: Learner | None, former: str) -> None:
    user = form.save()
    if learner and learner.name != user.name:
        keep_names(learner, former=former, new=user.name)
        Learner.objects.filter(pk=learner.pk).update(name=user.name)


@require_safe
@login_required
def as_json(request: HttpRequest) -> HttpResponse:
    if export := _export(request):
        return _file(export.as_json(), "application/json", "my-data.json")
    return _back()


@require_safe
@login_required
def as_zip(request: HttpRequest) -> HttpResponse:
    if export := _export(request):
        return _file(export.as_zip(), "application/zip", "my-data.zip")
    return _back()


def _export(request: HttpRequest) -> Export | None:
    learner = learners_of(request).first()
    if learner is None:
        return None
    export = export_of(learner)
    record(request, Action.EXPORTED, about=Learner, row=learner.pk, count=export.count)
    return export


def _file(content: str | bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@post_only("learners:data")
@login_required
def ask_for_erasure(request: HttpRequest) -> HttpResponse:
    learner = learners_of(request).first()
    if learner is None:
        return _back()
    form = ErasureForm(request.POST, request=request, user=_account_of(request))
    if not form.is_valid():
        response = _page(request, learner, erasure_form=form)
        response.status_code = 400
        return response
    erasures.ask(learner, timezone.now())
    messages.success(request, gettext("We have your request. You can withdraw it on this page."))
    return _back()


@post_only("learners:data")
@login_required
def withdraw_erasure(request: HttpRequest) -> HttpResponse:
    learner = learners_of(request).first()
    if learner and erasures.withdraw(learner):
        messages.success(request, gettext("You withdrew your request. Your data stay."))
    else:
        messages.error(request, gettext("There is no request that can be withdrawn."))
    return _back()


def _page(request: HttpRequest, learner: Any, **forms: Any) -> HttpResponse:
    user = _account_of(request)
    context = {
        "learner": learner,
        "form": ProfileForm(instance=user),
        "erasure_form": ErasureForm(request=request, user=user),
        "held": held_about(learner) if learner else [],
        "account_stays": erasures.keeps_account(user),
        "asked": ErasureRequest.objects.filter(learner=learner).first() if learner else None,
        **forms,
    }
    return render(request, "learners/data.html", context)


def _account_of(request: HttpRequest) -> User:
    # a copy: an invalid form must not change the name in the menu
    return cast("User", copy(request.user))


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("learners:data"))

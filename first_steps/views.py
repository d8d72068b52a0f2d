"""The page of the first steps, and putting them away."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.reader import Reader
from core.post_only import post_only
from demo import status
from first_steps import live
from first_steps.checklist import Checklist, checklist_of, may_set_up
from first_steps.models import Dismissal
from presentation.live_updates import limit_background_reloads, live_update_data


@limit_background_reloads
@require_safe
@login_required
def first_steps(request: HttpRequest) -> HttpResponse:
    account = _account_of(request)
    # before the page reads what there is
    updates = live_update_data(Reader.of(account), live.topics())
    found = _checklist(account)
    context = {"live": updates, "steps": found, "now": timezone.now()}
    return render(request, "first_steps/page.html", context)


@post_only("first_steps:first-steps")
@login_required
def dismiss(request: HttpRequest) -> HttpResponse:
    account = _account_of(request)
    if not _checklist(account).has_enough:
        messages.error(request, gettext("The list stays until there are courses and data."))
        return redirect("first_steps:first-steps")
    Dismissal.objects.get_or_create(account=account)
    messages.success(request, gettext("You find the first steps in the admin from now on."))
    return redirect("dashboard:dashboard")


@post_only("first_steps:first-steps")
@login_required
def show_again(request: HttpRequest) -> HttpResponse:
    Dismissal.objects.filter(account=_account_of(request)).delete()
    return redirect("first_steps:first-steps")


def _account_of(request: HttpRequest) -> User:
    """Return the visitor's account; PermissionDenied if it may do none of the steps."""
    if not (isinstance(request.user, User) and may_set_up(request.user)):
        raise PermissionDenied
    return request.user


def _checklist(account: User) -> Checklist:
    return checklist_of(account, with_demonstration=status.is_loaded())

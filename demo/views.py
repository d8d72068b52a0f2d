"""The page on which administrators remove the demonstration data."""

from __future__ import annotations

from functools import partial

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.reader import Reader
from core import task_queue
from demo import remove, status
from demo.models import Removal
from demo.preview import preview
from presentation.live_updates import limit_background_reloads, live_update_data

TASK = "demo.tasks.remove_demonstration"


@limit_background_reloads
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def removal(request: HttpRequest) -> HttpResponse:
    """Say what would be removed and what stays, or how far it is; POST begins it."""
    user = request.user
    if not (isinstance(user, User) and user.is_superuser):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request)
    if error := _begin(user, is_confirmed="confirmed" in request.POST):
        return _page(request, error)
    return redirect("demo:removal")


def _begin(by: User, *, is_confirmed: bool) -> str:
    """Ask for the removal; return why that is not possible."""
    if status.is_being_removed() or not (status.is_loaded() or status.is_loading()):
        # pressed twice, or by somebody else before
        return ""
    if not is_confirmed:
        return gettext("Check the box to confirm that the demonstration data is to be deleted.")
    try:
        remove.begin(by, timezone.now())
    except remove.NoOtherSuperuser:
        return gettext("Create a superuser account of your own first: nobody could sign in.")
    except status.Busy:
        return gettext("The demonstration data is still being loaded. Try again in a minute.")
    queue = partial(task_queue.enqueue_all, TASK, [[]], otherwise="the schedule removes it later")
    transaction.on_commit(queue)
    return ""


def _page(request: HttpRequest, error: str = "") -> HttpResponse:
    # before the page reads how far it is
    live = live_update_data(Reader.of(request.user), [remove.TOPIC])
    running = Removal.objects.unfinished().first()
    is_there = status.is_loaded() or status.is_loading()
    context = {
        "live": live,
        "running": running,
        "is_there": is_there,
        "preview": preview() if is_there and not running else None,
        "error": error,
    }
    return render(request, "demo/removal.html", context, status=400 if error else 200)

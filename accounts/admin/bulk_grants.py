"""Grant courses and runs to several managers at once: choose, see what changes, confirm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import delegation
from accounts.admin.run_choice import RunsField
from accounts.models import CourseGrant, RunGrant, User
from core.admin import confirmation
from curriculum.models import Course, CourseRun

# what each field of the form grants
PERMISSIONS = {"courses": "accounts.add_coursegrant", "runs": "accounts.add_rungrant"}
TITLE = _("Grant courses and runs")


class GrantsForm(forms.Form):
    courses = forms.ModelMultipleChoiceField(
        Course.objects.all(),
        label=_("Granted courses"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    runs = RunsField(label=_("Granted course runs"), required=False)

    def __init__(self, granter: User, *args: Any) -> None:
        super().__init__(*args)
        for name, permission in PERMISSIONS.items():
            if not granter.has_perm(permission):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.values()):
            raise forms.ValidationError(gettext("Choose at least one course or run."))
        return cleaned


@dataclass(frozen=True)
class Change:
    """What an account is granted that it does not have yet."""

    account: User
    courses: Sequence[Course]
    runs: Sequence[CourseRun]

    def __str__(self) -> str:
        return f"{self.account}: {self.granted}"

    @property
    def granted(self) -> str:
        return ", ".join(
            [*map(str, self.courses), *(f"{run.course}: {run.key}" for run in self.runs)]
        )


def changes(
    accounts: Iterable[User], courses: Iterable[Course], runs: Iterable[CourseRun]
) -> list[Change]:
    """Return what the grants would change; a run of a granted course adds nothing to it."""
    users = list(accounts)
    of_courses = set(CourseGrant.objects.filter(user__in=users).values_list("user", "course"))
    of_runs = set(RunGrant.objects.filter(user__in=users).values_list("user", "run"))
    found = []
    for user in users:
        new = [one for one in courses if (user.pk, one.pk) not in of_courses]
        whole = {course for pk, course in of_courses if pk == user.pk} | {one.pk for one in new}
        single = [
            one for one in runs if (user.pk, one.pk) not in of_runs and one.course_id not in whole
        ]
        if new or single:
            found.append(Change(user, new, single))
    return found


@transaction.atomic
def apply(some: Iterable[Change], by: User) -> None:
    """Grant, and add it to the history of each account."""
    some = list(some)
    CourseGrant.objects.bulk_create(
        [CourseGrant(user=one.account, course=course) for one in some for course in one.courses],
        ignore_conflicts=True,
    )
    RunGrant.objects.bulk_create(
        [RunGrant(user=one.account, run=run) for one in some for run in one.runs],
        ignore_conflicts=True,
    )
    for one in some:
        message = gettext("Granted: %(what)s.") % {"what": one.granted}
        LogEntry.objects.log_actions(by.pk, [one.account], CHANGE, message)


class GrantsInBulk:
    """The action in the list of accounts, for whoever may grant courses or runs."""

    def has_grant_permission(self, request: HttpRequest, *args: Any) -> bool:
        user: Any = request.user
        may_grant = any(map(user.has_perm, PERMISSIONS.values()))
        return may_grant and bool(user.has_perm("accounts.change_user"))

    @admin.action(description=_("Grant courses and runs"), permissions=["grant"])
    def grant(self: Any, request: HttpRequest, accounts: QuerySet[User]) -> HttpResponse | None:
        granter: Any = request.user
        mine = [one for one in accounts if delegation.may_edit_account(granter, one)]
        is_filled = "confirmed" in request.POST
        form = GrantsForm(granter, *([request.POST] if is_filled else []))
        sent = confirmation.sent_fields(request)
        if not is_filled or not form.is_valid():
            chosen = [(name, value) for name, value in sent if name not in PERMISSIONS]
            return confirmation.page(
                *(self, request, mine, chosen),
                title=str(TITLE),
                consequence=gettext("Choose what these accounts may see besides what they do now."),
                form=form,
            )
        found = changes(mine, *(form.cleaned_data.get(name, ()) for name in PERMISSIONS))
        if found and "granted" not in request.POST:
            return confirmation.page(
                *(self, request, found, [*sent, ("granted", "yes")]),
                title=gettext("Grant"),
                consequence=gettext("These accounts will see, in addition:"),
            )
        apply(found, granter)
        text = ngettext(
            "%(count)s account was granted more.", "%(count)s accounts were granted more.",
            len(found),
        )  # fmt: skip
        level = messages.SUCCESS if found else messages.WARNING
        self.message_user(request, text % {"count": len(found)}, level)
        return None

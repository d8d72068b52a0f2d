"""The form above the list of alerts, which acts on those that are checked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.models import User
from alerts import bulk
from alerts.audience import owners_of_courses
from alerts.bulk import BulkResult
from alerts.models import Alert
from alerts.pages.alert_list import cards
from alerts.pages.forms import check_snooze_end, start_of
from core import localized
from kpis.query.query_service import KpiQueryService

ACKNOWLEDGE, SNOOZE, CLOSE = "acknowledge", "snooze", "close"
# one message each, the others are counted
NAMED = 10


class BulkForm(forms.Form):
    """What to do with the checked alerts; `act` is the button that was pressed."""

    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, label=gettext_lazy("Owner"), empty_label=None
    )
    reason = forms.CharField(required=False, max_length=1_000, label=gettext_lazy("Note or reason"))
    until = forms.DateField(
        required=False,
        label=gettext_lazy("Snooze until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("Enter a date such as 2026-03-31.")},
    )

    def __init__(self, data: Any = None, *, service: KpiQueryService, user: User) -> None:
        self.service, self.user = service, user
        super().__init__(data, auto_id="bulk-%s", label_suffix="", initial={"owner": user.pk})
        field: Any = self.fields["owner"]
        field.queryset = owners_of_courses(service.reader, user)

    @property
    def act(self) -> str:
        return str(self.data.get("act", ""))

    @property
    def chosen(self) -> list[int]:
        """The ids of the checked alerts, or of all that were shown."""
        name = "shown" if self.data.get("all") else "alert"
        data: Any = self.data
        sent = data.getlist(name) if self.is_bound else []
        return [int(one) for one in sent if one.isdecimal() and len(one) < 19]

    def clean_until(self) -> date | None:
        day: date | None = self.cleaned_data["until"]
        if day and self.act == SNOOZE:
            check_snooze_end(day, self.service.now)
        return day

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if self.act not in (ACKNOWLEDGE, SNOOZE, CLOSE):
            raise ValidationError(gettext("Choose what to do with the alerts."))
        if not self.chosen:
            raise ValidationError(gettext("Check at least one alert."))
        if len(self.chosen) > bulk.MOST:
            raise ValidationError(gettext("Check at most %(count)s alerts.") % {"count": bulk.MOST})
        if self.act != ACKNOWLEDGE and not data.get("reason", "").strip():
            self.add_error("reason", gettext("Enter a reason."))
        if self.act == SNOOZE and not data.get("until") and "until" not in self.errors:
            self.add_error("until", gettext("Enter a date."))
        return data

    def perform(self) -> list[BulkResult]:
        """Act on the checked alerts; call `is_valid` first."""
        return bulk.act_on_each(self.chosen, self.service.reader, self._action())

    def _action(self) -> bulk.Act:
        data = self.cleaned_data
        if self.act == ACKNOWLEDGE:
            owner = data["owner"] or self.user
            return bulk.acknowledging(by=self.user, owner=owner, note=data["reason"])
        if self.act == SNOOZE:
            until = start_of(data["until"])
            return bulk.snoozing(by=self.user, until=until, reason=data["reason"])
        return bulk.closing(by=self.user, reason=data["reason"])


def report(request: HttpRequest, form: BulkForm, results: Sequence[BulkResult]) -> None:
    """Say how many alerts were changed, and of each other one why it was skipped."""
    done, skipped = bulk.split(results)
    if done:
        messages.success(request, _done_text(form.act, len(done)))
    if not skipped:
        return
    count = len(skipped)
    heading = ngettext("%(count)s alert was skipped:", "%(count)s alerts were skipped:", count)
    lines = [heading % {"count": localized.number(count)}]
    titles = _titles([one for one in skipped[:NAMED] if one.alert], form.service)
    for one in skipped[:NAMED]:
        title = titles.get(one.pk)
        lines.append(f"{title} – {one.reason}" if title else one.reason)
    if count > NAMED:
        lines.append(gettext("%(count)s others") % {"count": localized.number(count - NAMED)})
    messages.warning(request, "\n".join(lines), extra_tags="lines")


def _titles(results: Sequence[BulkResult], service: KpiQueryService) -> dict[int, str]:
    rows = Alert.objects.with_figures_start().select_related("rule", "course")
    found = rows.filter(pk__in=[one.pk for one in results])
    return {card.alert.pk: card.title for card in cards(found, service)}


def _done_text(act: str, count: int) -> str:
    texts = {
        ACKNOWLEDGE: ngettext(
            "%(count)s alert acknowledged.", "%(count)s alerts acknowledged.", count
        ),
        SNOOZE: ngettext("%(count)s alert snoozed.", "%(count)s alerts snoozed.", count),
        CLOSE: ngettext(
            "%(count)s alert closed as expected.", "%(count)s alerts closed as expected.", count
        ),
    }
    return texts[act] % {"count": localized.number(count)}

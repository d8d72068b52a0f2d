"""The list of alerts: filters that page and API share, the order and the counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    Q,
    Value,
    When,
)
from django.utils.translation import gettext, gettext_lazy, pgettext, pgettext_lazy

from accounts.models import User
from accounts.reader import Reader
from alerts import scopes, search
from alerts.models import Alert, AlertQuerySet, EvaluationRun, Severity
from alerts.pages.alert_card import AlertCard
from alerts.suppressed_alerts import is_suppressed
from core.lazy_text import LazyText
from curriculum.models import Course
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from presentation import figures
from presentation.filters import Field

OPEN, CLOSED, SNOOZED, ALL = "open", "closed", "snoozed", "all"
STATES = (
    (OPEN, pgettext_lazy("alerts", "Open")),
    (Alert.State.FIRING.value, gettext_lazy("Open: firing")),
    (Alert.State.RECOVERING.value, gettext_lazy("Open: recovering")),
    (Alert.State.NO_DATA.value, gettext_lazy("Open: no data")),
    (Alert.State.LOW_N.value, gettext_lazy("Open: too few observations")),
    (Alert.State.STALE.value, gettext_lazy("Open: stale data")),
    (SNOOZED, gettext_lazy("Open: snoozed")),
    (CLOSED, pgettext_lazy("alerts", "Closed")),
    (ALL, gettext_lazy("Open and closed")),
)
ME, NOBODY = "me", "none"
RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
# larger than any alert id
MAX_ID = 10**15
RELATED = ("rule", "course", "owner", "acknowledged_by", "closed_by", "inhibited_by__rule")


class AlertFilterForm(forms.Form):
    """Filters the alerts that a reader may see."""

    state = forms.ChoiceField(choices=STATES, required=False)
    severity = forms.ChoiceField(choices=Severity.choices, required=False)
    course = forms.CharField(required=False, max_length=100)
    kpi = forms.ChoiceField(
        choices=lambda: [(key, one.name) for key, one in REGISTRY.items()], required=False
    )
    owner = forms.CharField(required=False, max_length=254)
    q = forms.CharField(required=False, max_length=200)

    def __init__(
        self, data: Mapping[str, Any], *, service: KpiQueryService, user: User | None, **more: Any
    ) -> None:
        super().__init__(data, **more)
        self.service, self.user = service, user
        for name in ("state", "severity", "kpi"):
            choices = ", ".join(value for value, _ in self.fields[name].choices)  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = gettext(
                "Unknown value “%%(value)s”. Allowed: %(choices)s."
            ) % {"choices": choices}

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        if not key:
            return None
        found = self.service.reader.courses_in_part().filter(key=key).first()
        if found is None:
            raise ValidationError(gettext("Unknown course “%(key)s”.") % {"key": key})
        return found

    def clean_owner(self) -> str:
        owner: str = self.cleaned_data["owner"]
        if owner == ME and self.user is None:
            raise ValidationError(
                gettext("An API key cannot be an alert owner. Use an e-mail address or “none”.")
            )
        return owner

    def rows(self) -> AlertQuerySet:
        """Return the matching alerts, open ones first, then by severity; call `is_valid` first."""
        data = getattr(self, "cleaned_data", {})
        rows = Alert.objects.visible_to(self.service.reader)
        for name, is_field in (
            ("severity", "severity"),
            ("course", "course"),
            ("kpi", "rule__kpi"),
        ):
            if wanted := data.get(name):
                rows = rows.filter(**{is_field: wanted})
        rows = rows.filter(self._in_state(data.get("state") or OPEN), self._owned(data))
        rows = rows.filter(search.matching(data.get("q", "")))
        return sorted_alerts(rows)

    def _in_state(self, state: str) -> Q:
        if state == ALL:
            return Q()
        if state == CLOSED:
            return Q(closed_at__isnull=False)
        if state == SNOOZED:
            return Q(closed_at=None, snoozed_until__gt=self.service.now)
        return Q(closed_at=None) if state == OPEN else Q(closed_at=None, state=state)

    def _owned(self, data: Mapping[str, Any]) -> Q:
        owner = data.get("owner", "")
        if owner == ME:
            return Q(owner=self.user)
        if owner == NOBODY:
            return Q(owner=None)
        return Q(owner__email__iexact=owner) if owner else Q()


def sorted_alerts(rows: AlertQuerySet) -> AlertQuerySet:
    """Sort by open, severity and time, and load what a card shows."""
    is_closed = Case(When(closed_at=None, then=Value(0)), default=Value(1))
    shown = rows.with_figures_start().select_related(*RELATED)
    return shown.order_by(is_closed, _rank(), "-opened_at", "-pk")


def with_position(rows: AlertQuerySet) -> AlertQuerySet:
    """Annotate `position`: a unique number for cursor pages, by severity and then time.

    Closing an alert does not change it.
    """
    # without a type, Django expects a smaller integer and drops the comparison
    position = ExpressionWrapper(_rank() * Value(MAX_ID) - F("pk"), BigIntegerField())
    return rows.annotate(position=position)


def _rank() -> Case:
    ranks = (When(severity=one, then=Value(at)) for one, at in RANK.items())
    return Case(*ranks, default=Value(9), output_field=BigIntegerField())


def cards(alerts: Iterable[Any], service: KpiQueryService) -> list[AlertCard]:
    """Return a card for each alert."""
    alerts = list(alerts)
    names = scopes.names(alerts)
    found = []
    for alert in alerts:
        is_hidden = is_suppressed(service, alert, [alert.figures_start])
        name = names[alert.scope, alert.scope_id]
        found.append(AlertCard(alert, name, alert.figures_start, is_hidden, service.now))
    return found


def last_evaluated() -> str:
    """Return when alerts were last evaluated; empty before the first time."""
    run = EvaluationRun.objects.first()
    return figures.moment(max(run.as_of, run.checked_at or run.as_of)) if run else ""


def counts(reader: Reader, user: User | None) -> dict[str, int]:
    """Count the reader's alerts: open, closed, owned, without an owner, and by severity."""
    is_open = Q(closed_at=None)
    return Alert.objects.visible_to(reader).aggregate(
        open=Count("pk", filter=is_open),
        closed=Count("pk", filter=~is_open),
        mine=Count("pk", filter=is_open & Q(owner=user, owner__isnull=False)),
        unowned=Count("pk", filter=is_open & Q(owner=None)),
        **{one.value: Count("pk", filter=is_open & Q(severity=one)) for one in RANK},
    )


def fields(form: AlertFilterForm) -> list[Field]:
    """Return the form's fields for the page."""
    reader = form.service.reader
    courses = reader.courses_in_part().values_list("key", "title")
    kpis = Alert.objects.visible_to(reader).order_by("rule__kpi").values_list("rule__kpi")
    with_alerts = [key for (key,) in kpis.distinct() if key in REGISTRY]
    return [
        _field(form, "state", gettext("State"), STATES),
        _field(
            form,
            "severity",
            gettext("Severity"),
            [("", pgettext("severity", "Any")), *Severity.choices],
        ),
        _field(form, "course", gettext("Course"), [("", gettext("All courses")), *courses]),
        _field(
            form,
            "kpi",
            gettext("KPI"),
            [("", gettext("All KPIs")), *((k, REGISTRY[k].name) for k in with_alerts)],
        ),
        _field(form, "owner", gettext("Owner"), _owners(reader)),
    ]


def _owners(reader: Reader) -> list[tuple[str, str]]:
    alerts = Alert.objects.visible_to(reader)
    owners = User.objects.filter(owned_alerts__in=alerts).distinct()
    return [
        ("", gettext("Anyone")),
        (ME, gettext("Me")),
        (NOBODY, gettext("No owner")),
        *((one.email, str(one)) for one in owners),
    ]


def _field(
    form: AlertFilterForm, name: str, label: str, options: Sequence[tuple[str, LazyText]]
) -> Field:
    errors = [str(one) for one in form.errors.get(name, ())]
    shown = [(value, str(text)) for value, text in options]
    return Field(name, label, str(form.data.get(name, "")), shown, errors)

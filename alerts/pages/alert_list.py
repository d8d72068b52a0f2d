"""Which alerts are asked for: filters that page and API share, the order and the counts."""

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
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)

from accounts.models import User
from accounts.reader import Reader
from alerts import scope_names
from alerts.models import Alert, AlertEvent, Severity
from alerts.models.alerts import AlertQuerySet
from alerts.pages.alert_card import AlertCard
from alerts.suppressed_alerts import is_suppressed
from curriculum.models import Course
from kpis.definitions.registry import REGISTRY
from kpis.query.query_service import KpiQueryService
from presentation.filters import Field

OPEN, CLOSED, SNOOZED, ALL = "open", "closed", "snoozed", "all"
# an alert that is OK or pending is not open
JUDGED = [one for one in Alert.State if one not in (Alert.State.OK, Alert.State.PENDING)]
STATES = (
    (OPEN, "Open"),
    *((one.value, f"Open: {one.label.lower()}") for one in JUDGED),
    (SNOOZED, "Open: snoozed"),
    (CLOSED, "Closed"),
    (ALL, "Open and closed"),
)
ME, NOBODY = "me", "none"
RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
# more than there will ever be
MOST_ALERTS = 10**15
SHOWN_WITH = ("rule", "course", "owner", "acknowledged_by", "closed_by", "inhibited_by__rule")


class AlertFilterForm(forms.Form):
    """`state`, `severity`, `course`, `kpi`, `owner`; the reader bounds what can be chosen."""

    state = forms.ChoiceField(choices=STATES, required=False)
    severity = forms.ChoiceField(choices=Severity.choices, required=False)
    course = forms.CharField(required=False, max_length=100)
    kpi = forms.ChoiceField(
        choices=lambda: [(key, one.name) for key, one in REGISTRY.items()], required=False
    )
    owner = forms.CharField(required=False, max_length=254)

    def __init__(
        self, data: Mapping[str, Any], *, desk: KpiQueryService, user: User | None, **more: Any
    ) -> None:
        super().__init__(data, **more)
        self.desk, self.user = desk, user
        for name in ("state", "severity", "kpi"):
            choices = ", ".join(value for value, _ in self.fields[name].choices)  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = (
                f"“%(value)s” is no {name}; choose one of {choices}."
            )

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        if not key:
            return None
        courses = self.desk.reader.courses()
        found = courses.filter(key=key).first()
        if found is None:
            raise ValidationError(f"There is no course “{key}” that you may see.")
        return found

    def clean_owner(self) -> str:
        owner: str = self.cleaned_data["owner"]
        if owner == ME and self.user is None:
            raise ValidationError("A key owns no alerts; give an e-mail address, or none.")
        return owner

    def rows(self) -> AlertQuerySet:
        """The alerts asked for, open ones first, then the most severe; call `is_valid` first."""
        data = getattr(self, "cleaned_data", {})
        rows = Alert.objects.visible_to(self.desk.reader)
        for name, is_field in (
            ("severity", "severity"),
            ("course", "course"),
            ("kpi", "rule__kpi"),
        ):
            if wanted := data.get(name):
                rows = rows.filter(**{is_field: wanted})
        rows = rows.filter(self._in_state(data.get("state") or OPEN), self._owned(data))
        return in_order(rows)

    def _in_state(self, state: str) -> Q:
        if state == ALL:
            return Q()
        if state == CLOSED:
            return Q(closed_at__isnull=False)
        if state == SNOOZED:
            return Q(closed_at=None, snoozed_until__gt=self.desk.now)
        return Q(closed_at=None) if state == OPEN else Q(closed_at=None, state=state)

    def _owned(self, data: Mapping[str, Any]) -> Q:
        owner = data.get("owner", "")
        if owner == ME:
            return Q(owner=self.user)
        if owner == NOBODY:
            return Q(owner=None)
        return Q(owner__email__iexact=owner) if owner else Q()


def in_order(rows: AlertQuerySet) -> AlertQuerySet:
    """Open first, most severe first, latest first, each with what a card shows."""
    is_over = Case(When(closed_at=None, then=Value(0)), default=Value(1))
    shown = with_period(rows).select_related(*SHOWN_WITH)
    return shown.order_by(is_over, _rank(), "-opened_at", "-pk")


def with_place(rows: AlertQuerySet) -> AlertQuerySet:
    """`place`: a number that orders the most severe and then the latest first.

    No two alerts have the same, and closing one changes none.
    """
    # of an integer as small as Django takes it for, no number is larger than its type's largest
    place = ExpressionWrapper(_rank() * Value(MOST_ALERTS) - F("pk"), BigIntegerField())
    return rows.annotate(place=place)


def _rank() -> Case:
    ranks = (When(severity=one, then=Value(at)) for one, at in RANK.items())
    return Case(*ranks, default=Value(9), output_field=BigIntegerField())


def with_period(rows: AlertQuerySet) -> AlertQuerySet:
    """`told_of`: the period of the figures; a closed alert's rule is judged on without them."""
    told = AlertEvent.objects.filter(alert=OuterRef("pk"), period_start__isnull=False)
    latest = Subquery(told.order_by("-at", "-pk").values("period_start")[:1])
    return rows.annotate(
        told_of=Case(When(closed_at=None, then=F("last_period_start")), default=latest)
    )


def cards(alerts: Iterable[Any], desk: KpiQueryService) -> list[AlertCard]:
    """What a page of alerts says."""
    alerts = list(alerts)
    names = scope_names.names(alerts)
    return [_card(one, names[one.scope, one.scope_id], desk) for one in alerts]


def _card(alert: Any, place: str, desk: KpiQueryService) -> AlertCard:
    told_of = alert.told_of or alert.last_period_start
    return AlertCard(alert, place, told_of, is_suppressed(desk, alert, [told_of]), desk.now)


def counts(reader: Reader, user: User | None) -> dict[str, int]:
    """How many of the reader's alerts there are: open ones, by severity, theirs, and closed."""
    is_open = Q(closed_at=None)
    return Alert.objects.visible_to(reader).aggregate(
        open=Count("pk", filter=is_open),
        closed=Count("pk", filter=~is_open),
        mine=Count("pk", filter=is_open & Q(owner=user, owner__isnull=False)),
        unowned=Count("pk", filter=is_open & Q(owner=None)),
        **{one.value: Count("pk", filter=is_open & Q(severity=one)) for one in RANK},
    )


def fields(form: AlertFilterForm) -> list[Field]:
    """The form's fields as the page draws them."""
    reader = form.desk.reader
    courses = reader.courses().values_list("key", "title")
    kpis = Alert.objects.visible_to(reader).order_by("rule__kpi").values_list("rule__kpi")
    watched = [key for (key,) in kpis.distinct() if key in REGISTRY]
    return [
        _field(form, "state", "State", STATES),
        _field(form, "severity", "Severity", [("", "Any"), *Severity.choices]),
        _field(form, "course", "Course", [("", "All courses"), *courses]),
        _field(form, "kpi", "KPI", [("", "All KPIs"), *((k, REGISTRY[k].name) for k in watched)]),
        _field(form, "owner", "Owner", _owners(reader)),
    ]


def _owners(reader: Reader) -> list[tuple[str, str]]:
    alerts = Alert.objects.visible_to(reader)
    owners = User.objects.filter(owned_alerts__in=alerts).distinct()
    return [
        ("", "Anybody"),
        (ME, "Me"),
        (NOBODY, "Nobody"),
        *((one.email, str(one)) for one in owners),
    ]


def _field(
    form: AlertFilterForm, name: str, label: str, options: Sequence[tuple[str, str]]
) -> Field:
    errors = [str(one) for one in form.errors.get(name, ())]
    return Field(name, label, str(form.data.get(name, "")), options, errors)

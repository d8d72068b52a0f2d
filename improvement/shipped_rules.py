"""The library of rules that ships: ready, and inactive until staff choose one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext, gettext_noop, override

from alerts.models import AlertRule
from alerts.shipped_rules import shipped_name
from curriculum import parameters
from improvement.models import AdjustmentRule, ShippedRule
from kpis.definitions.registry import REGISTRY

Each, Side, When = AlertRule.Each, AlertRule.Side, AdjustmentRule.When


@dataclass(frozen=True, kw_only=True)
class ReadyRule:
    """A rule of the library with the alert rule that it needs.

    Mark `name` with gettext_noop. `patience` is the number of months in a row that open the alert.
    `key` must never change: it says which rules a site already has.
    """

    key: str
    name: str
    kpi: str
    each: AlertRule.Each
    parameter: str
    steps: int
    farthest: str
    side: AlertRule.Side = Side.WORSE
    patience: int = 1
    when: AdjustmentRule.When = When.OPENS
    guards: tuple[str, ...] = ()

    @property
    def alert_rule(self) -> Mapping[str, Any]:
        """The fields that tell its alert rule from others."""
        return {
            "kpi": self.kpi,
            "each": self.each,
            "side": self.side,
            "patience": self.patience,
            "metric": AlertRule.Metric.TARGET,
            "course": None,
        }


LIBRARY = (
    ReadyRule(
        key="planned-days-after-slow-progress",
        name=gettext_noop("More days for modules in which learners fall behind"),
        kpi="engagement.progress-velocity",
        each=Each.MODULE,
        parameter="module.planned-days",
        steps=2,
        farthest="28",
        guards=("engagement.assessment-performance",),
    ),
    ReadyRule(
        key="practice-after-low-scores",
        name=gettext_noop("More practice in modules with low scores"),
        kpi="engagement.assessment-performance",
        each=Each.MODULE,
        parameter="module.practice-items",
        steps=1,
        farthest="40",
        guards=("engagement.progress-velocity",),
    ),
    ReadyRule(
        key="less-practice-after-high-scores",
        name=gettext_noop("Less practice in modules with high scores for three months"),
        kpi="engagement.assessment-performance",
        each=Each.MODULE,
        side=Side.BETTER,
        patience=3,
        parameter="module.practice-items",
        steps=-1,
        farthest="5",
        guards=("engagement.depth",),
    ),
    ReadyRule(
        key="shorter-videos-after-low-depth",
        name=gettext_noop("Shorter parts of videos where learners engage little"),
        kpi="engagement.depth",
        each=Each.MODULE,
        parameter="video.segment-length",
        steps=-2,
        farthest="4",
        guards=("engagement.progress-velocity",),
    ),
    ReadyRule(
        key="reminders-after-low-completion",
        name=gettext_noop("Earlier reminders in courses that few complete"),
        kpi="engagement.completion-rate",
        each=Each.COURSE,
        parameter="reminder.interval",
        steps=-2,
        farthest="3",
        guards=("outcome.satisfaction",),
    ),
    ReadyRule(
        key="fewer-reminders-after-recovery",
        name=gettext_noop("Later reminders once a course's completion rate has recovered"),
        kpi="engagement.completion-rate",
        each=Each.COURSE,
        when=When.RECOVERS,
        parameter="reminder.interval",
        steps=1,
        farthest="7",
        guards=("engagement.progress-velocity",),
    ),
    ReadyRule(
        key="extension-after-low-completion",
        name=gettext_noop("Later deadlines in courses that few complete"),
        kpi="engagement.completion-rate",
        each=Each.COURSE,
        parameter="deadline.extension",
        steps=3,
        farthest="14",
        guards=("engagement.progress-velocity",),
    ),
    ReadyRule(
        key="tutors-after-low-satisfaction",
        name=gettext_noop("More tutor hours in courses that learners rate low"),
        kpi="outcome.csat",
        each=Each.COURSE,
        parameter="tutor.hours",
        steps=2,
        farthest="8",
        guards=("engagement.completion-rate",),
    ),
)
NAMES = frozenset(one.name for one in LIBRARY)


def create_missing(**kwargs: object) -> None:
    """Create each rule of the library once, if its KPI and its parameter exist."""
    known = set(ShippedRule.objects.values_list("key", flat=True))
    with override("en"):
        for one in LIBRARY:
            if (
                one.key not in known
                and one.kpi in REGISTRY
                and one.parameter in parameters.DECLARED
            ):
                _create(one)


@transaction.atomic
def _create(one: ReadyRule) -> None:
    ShippedRule.objects.create(key=one.key)
    if AdjustmentRule.objects.filter(name=one.name).exists():
        return
    alert_rule = AlertRule.objects.filter(**one.alert_rule).order_by("pk").first()
    AdjustmentRule.objects.create(
        name=one.name,
        alert_rule=alert_rule
        or AlertRule.objects.create(
            **one.alert_rule,
            name=shipped_name(one.kpi, one.each, one.side),
            is_active=False,
        ),
        when=one.when,
        parameter_key=one.parameter,
        steps=one.steps,
        farthest=Decimal(one.farthest),
        guard_kpis=[key for key in one.guards if key in REGISTRY],
        is_active=False,
    )


def display_name(rule: AdjustmentRule) -> str:
    """Return a rule's name, translated if it is one that ships."""
    return gettext(rule.name) if rule.name in NAMES else rule.name

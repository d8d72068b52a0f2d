"""The way of an adjustment: alert, proposal, decision, change and effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, pgettext

from alerts.pages.alert_card import AlertCard
from core.lazy_text import LazyText
from improvement.models import Adjustment
from presentation import figures

Status = Adjustment.Status
DONE, CURRENT, AHEAD, SKIPPED = "done", "current", "ahead", "skipped"
OVER = (Status.REJECTED, Status.WITHDRAWN, Status.DECLINED)


@dataclass(frozen=True)
class Step:
    """`state` is done, current, ahead, or skipped for one that will not happen."""

    title: LazyText
    state: str
    text: str
    at: str = ""
    url: str = ""


def steps(adjustment: Adjustment, alert: AlertCard | None, reason: str, effect: str) -> list[Step]:
    """Return the five steps.

    `reason` is that of the proposal; `effect` the sentence about it, empty until it is measured.
    """
    return [
        _alert(alert),
        _proposal(adjustment, reason),
        _decision(adjustment),
        _change(adjustment),
        _effect(adjustment, effect),
    ]


def _alert(alert: AlertCard | None) -> Step:
    title = gettext("Alert")
    if alert is None:
        return Step(title, SKIPPED, gettext("Proposed without an alert."))
    text = f"{alert.rule_name}. {alert.sentence}"
    return Step(title, DONE, text, figures.moment(alert.alert.opened_at), alert.url)


def _proposal(adjustment: Adjustment, reason: str) -> Step:
    by = adjustment.proposed_by
    who = gettext("By %(name)s.") % {"name": by} if by else ""
    text = f"{reason} {who}".strip()
    return Step(gettext("Proposal"), DONE, text, figures.moment(adjustment.proposed_at))


def _decision(adjustment: Adjustment) -> Step:
    title = gettext("Decision")
    if adjustment.status == Status.PROPOSED:
        return Step(title, CURRENT, gettext("Waits for a decision."))
    at = figures.moment(adjustment.decided_at)
    if adjustment.status == Status.WITHDRAWN:
        withdrawn = gettext("Withdrawn.")
        return Step(title, SKIPPED, f"{withdrawn} {adjustment.decision_reason}", at)
    verb = (
        gettext("Rejected by %(name)s.")
        if adjustment.status == Status.REJECTED
        else gettext("Approved by %(name)s.")
    )
    by = adjustment.decided_by or gettext("the rule, within its budget")
    return Step(title, DONE, f"{verb % {'name': by}} {adjustment.decision_reason}".strip(), at)


def _change(adjustment: Adjustment) -> Step:
    title, moment = gettext("Change"), figures.moment(adjustment.applies_from)
    values = adjustment.values
    if adjustment.status in OVER:
        return Step(title, SKIPPED, gettext("Nothing was changed."))
    if adjustment.status == Status.PROPOSED:
        return Step(title, AHEAD, values)
    if adjustment.status == Status.APPROVED:
        return Step(
            title, CURRENT, gettext("%(values)s, not yet in force.") % {"values": values}, moment
        )
    return Step(title, DONE, values, moment)


def _effect(adjustment: Adjustment, effect: str) -> Step:
    title = pgettext("of an adjustment", "Effect")
    if adjustment.status in OVER:
        return Step(title, SKIPPED, gettext("There is no effect to measure."))
    outcome = _outcome(adjustment)
    if effect:
        text = f"{effect} {outcome}".strip()
        at = figures.moment(adjustment.effect_computed_at)
        if adjustment.status == Status.WATCHED:
            pending = gettext("Whether to keep it is not decided yet.")
            return Step(title, CURRENT, f"{text} {pending}", at)
        return Step(title, DONE, text, at)
    if outcome:
        return Step(title, DONE, outcome)
    if adjustment.status == Status.WATCHED:
        return Step(title, CURRENT, _watching(adjustment.watch_until))
    return Step(title, AHEAD, gettext("Measured after the watching time."))


def _watching(until: datetime | None) -> str:
    return gettext("Watched until %(moment)s; the effect is measured then.") % {
        "moment": figures.moment(until)
    }


def _outcome(adjustment: Adjustment) -> str:
    if adjustment.status == Status.KEPT:
        return gettext("The change is kept.")
    if adjustment.status == Status.REPLACED:
        return gettext("A later change replaced it.")
    return gettext("The change was reverted.") if adjustment.status == Status.REVERTED else ""

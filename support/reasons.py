"""Why a learner needs help, in words, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_lazy, ngettext

from core import localized
from core.lazy_text import LazyText
from support.models import Standing

# in the order in which they are read: who is not there cannot be late
NAMES: Mapping[str, LazyText] = {
    "never_started": gettext_lazy("Never started"),
    "inactive": gettext_lazy("Inactive"),
    "behind": gettext_lazy("Behind the plan"),
    "failing": gettext_lazy("Failing assessments"),
    "slow": gettext_lazy("Little done so far"),
}
ADVICE: Mapping[str, LazyText] = {
    "never_started": gettext_lazy("Ask whether signing in works, and offer help with the start."),
    "inactive": gettext_lazy("Ask what keeps them away, and agree on a day to come back."),
    "behind": gettext_lazy("Agree on new dates for what is overdue, the oldest first."),
    "failing": gettext_lazy("Go through the failed assessment together before they try again."),
    "slow": gettext_lazy("Agree on a plan by week, or offer a pause or a later run."),
}


@dataclass(frozen=True)
class Reason:
    key: str
    name: LazyText
    sentence: str


def reasons(standing: Standing) -> list[Reason]:
    """Return what applies, in sentences; needs the standing's module and assessment."""
    keys = [key for key in NAMES if getattr(standing, key)]
    return [Reason(key, NAMES[key], SENTENCES[key](standing)) for key in keys]


def advice(standing: Standing) -> str:
    """Return what to do about the first reason."""
    first = next((key for key in ADVICE if getattr(standing, key)), None)
    return str(ADVICE[first]) if first else ""


def _never_started(standing: Standing) -> str:
    return ngettext(
        "Never started, %(weeks)s week after the start.",
        "Never started, %(weeks)s weeks after the start.",
        standing.week,
    ) % {"weeks": localized.number(standing.week)}


def _inactive(standing: Standing) -> str:
    if standing.last_active_on is None:
        return gettext("No activity since the start.")
    day = {"day": localized.day(standing.last_active_on)}
    return gettext("Inactive since %(day)s.") % day


def _behind(standing: Standing) -> str:
    words = {"days": localized.number(standing.overdue_days), "module": standing.overdue_module}
    if standing.overdue_module is None:
        text = ngettext(
            "%(days)s day behind the plan.", "%(days)s days behind the plan.", standing.overdue_days
        )
    else:
        text = ngettext(
            "%(days)s day behind the plan: “%(module)s” is overdue.",
            "%(days)s days behind the plan: “%(module)s” is overdue.",
            standing.overdue_days,
        )
    return text % words


def _failing(standing: Standing) -> str:
    words = {
        "count": localized.number(standing.failed),
        "assessment": standing.failed_assessment,
        "score": localized.number(round(standing.lowest_score * 100)),
    }
    if standing.failed_assessment is None:
        text = ngettext(
            "%(count)s assessment not passed.", "%(count)s assessments not passed.", standing.failed
        )
    elif standing.failed == 1:
        text = gettext("Not passed: “%(assessment)s” (%(score)s of 100).")
    else:
        text = gettext(
            "%(count)s assessments not passed, the weakest: “%(assessment)s” (%(score)s of 100)."
        )
    return text % words


def _slow(standing: Standing) -> str:
    return gettext("Has done %(done)s of the %(due)s modules due so far.") % {
        "done": localized.number(standing.done_of_due),
        "due": localized.number(standing.due),
    }


SENTENCES = {
    "never_started": _never_started,
    "inactive": _inactive,
    "behind": _behind,
    "failing": _failing,
    "slow": _slow,
}

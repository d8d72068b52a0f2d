"""What the page of an experiment shows beside its plan: checklist, power, the last analysis."""

from __future__ import annotations

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext

from core import localized
from experiments import sizing
from experiments.checklist import checklist
from experiments.disclosure import disclosure_of
from experiments.models import Experiment
from experiments.sentences import sentence
from kpis.definitions.units import NO_VALUE


def checklist_html(experiment: Experiment) -> str:
    items = (
        ("✓" if one.passed else "✗", one.label, one.sentence)
        for one in checklist(experiment, timezone.now())
    )
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{} {}: {}</li>", items))


def power_text(experiment: Experiment) -> str:
    """Say how many units are needed and how many there will be."""
    found = sizing.assess(experiment, timezone.now())
    if found is None:
        return gettext("Choose a primary KPI and two variants first.")
    return gettext(
        "Needed: %(needed)s units per variant. Available at the planned end: %(available)s. "
        "Probability of finding the planned effect: %(power)s."
    ) % {
        "needed": _number(found.needed),
        "available": _number(found.available),
        "power": NO_VALUE if found.power is None else localized.number(round(found.power, 2), 2),
    }


def last_verdict(experiment: Experiment) -> str:
    """Return the verdict of the last analysis; of small groups, that it is hidden."""
    last = experiment.analyses.first()
    if last is None:
        return gettext("Not analyzed yet.")
    if disclosure_of([last], sees_small_groups=False).hides_verdict(last):
        return sentence(last, is_hidden=True)
    return f"{last.get_verdict_display()}: {sentence(last, is_hidden=False)}"


def _number(value: int | None) -> str:
    return NO_VALUE if value is None else localized.number(value)

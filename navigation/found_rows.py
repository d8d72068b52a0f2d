"""Search what is stored: only what a reader may see, one query for each kind, and no figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext

from accounts.reader import Reader
from alerts.models import Alert
from alerts.shipped_rules import display_name
from curriculum.models import Enrollment, Learner, Module
from experiments.models import Experiment
from kpis.definitions.registry import REGISTRY
from navigation.hits import MOST, Hit, matches, matching

# a few letters are in the names of very many people
MIN_LETTERS_OF_NAMES = 3
# one more than is listed, to know whether there are more
LIMIT = MOST + 1


def courses(reader: Reader, words: Sequence[str]) -> Iterator[Hit]:
    rows = reader.courses_in_part().filter(matching(words, "title", "key"))
    for one in rows[:LIMIT]:
        yield Hit(one.title, _dashboard(course=one.key), one.key)


def runs(reader: Reader, words: Sequence[str]) -> Iterator[Hit]:
    fields = ("title", "key", "course__title", "course__key")
    found = reader.runs().filter(matching(words, *fields)).select_related("course")
    for one in found.order_by("-starts_on", "key")[:LIMIT]:
        url = _dashboard(course=one.course.key, run=one.key)
        yield Hit(str(one), url, one.course.title)


def modules(reader: Reader, words: Sequence[str]) -> Iterator[Hit]:
    """Yield modules of whole courses: who sees single runs sees no figures of modules."""
    found = Module.objects.filter(matching(words, "title", "key"), course__in=reader.courses())
    for one in found.select_related("course").order_by("course__title", "position")[:LIMIT]:
        url = _dashboard(course=one.course.key, module=one.key)
        yield Hit(one.title, url, one.course.title)


def alerts(reader: Reader, words: Sequence[str]) -> Iterator[Hit]:
    """Yield alerts by rule, KPI and course; the open ones first."""
    kpis = [one.key for one in REGISTRY.values() if matches(words, one.name, one.key)]
    about = matching(words, "rule__name", "course__title") | Q(rule__kpi__in=kpis)
    found = Alert.objects.visible_to(reader).filter(about).select_related("rule", "course")
    for one in found.order_by(F("closed_at").desc(nulls_first=True), "-opened_at")[:LIMIT]:
        place = str(one.course) if one.course else gettext("Whole site")
        state = gettext("open") if one.is_open else gettext("closed")
        title = display_name(one.rule.name, one.rule.kpi)
        yield Hit(title, reverse("alerts:alert", args=[one.pk]), f"{place} · {state}")


def experiments(reader: Reader, words: Sequence[str]) -> Iterator[Hit]:
    found = Experiment.objects.visible_to(reader).filter(matching(words, "name", "key"))
    for one in found[:LIMIT]:
        url = reverse("experiment_pages:experiment", args=[one.key])
        yield Hit(one.name, url, one.get_state_display())


def learners(reader: Reader, words: Sequence[str]) -> list[Enrollment]:
    """Return enrollments of the learners with these words in name, address or key."""
    if len("".join(words)) < MIN_LETTERS_OF_NAMES:
        return []
    named = Learner.objects.filter(matching(words, "name", "email", "key"))
    found = Enrollment.objects.counted().filter(learner__in=named, run__in=reader.runs())
    shown = found.select_related("learner", "run__course").order_by("learner__key", "-started_at")
    return list(shown[:LIMIT])


def learner_hits(found: Sequence[Enrollment]) -> Iterator[Hit]:
    for one in found:
        url = reverse("support:learner", args=[one.pk])
        yield Hit(str(one.learner), url, f"{one.run.course} · {one.run}")


def _dashboard(**filters: str) -> str:
    return f"{reverse('dashboard:dashboard')}?{urlencode(filters)}"

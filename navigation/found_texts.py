"""Search what the code declares and the guides say: no query, but for parameters of staff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse

from curriculum import parameters
from kpis.definitions.registry import REGISTRY
from navigation.guides import Guide, guides
from navigation.hits import Hit, matches


def kpis(words: Sequence[str]) -> Iterator[Hit]:
    for one in REGISTRY.values():
        if matches(words, one.name, one.key):
            yield Hit(one.name, reverse("dashboard:kpi", args=[one.key]), one.key)


def kpi_definitions(words: Sequence[str]) -> Iterator[Hit]:
    page = reverse("navigation:kpi-definitions")
    for one in REGISTRY.values():
        if matches(words, one.name, one.help):
            yield Hit(one.name, f"{page}#{one.key}")


def parameters_found(words: Sequence[str]) -> Iterator[Hit]:
    for one in parameters.load_all().values():
        if matches(words, str(one.name), one.key):
            url = reverse("curriculum_pages:parameter", args=[one.key])
            yield Hit(str(one.name), url, one.key)


def help_pages(words: Sequence[str]) -> Iterator[Hit]:
    """Yield the guides with the words in their title, else their headings."""
    found = [one for one in guides().values() if "/" not in one.name]
    for guide in found:
        if matches(words, guide.title):
            yield Hit(guide.title, guide.url)
    for guide in found:
        if not matches(words, guide.title):
            yield from _headings(guide, words)


def _headings(guide: Guide, words: Sequence[str]) -> Iterator[Hit]:
    for one in guide.document.headings:
        # a KPI's own section is found by its definition
        if matches(words, one.text) and one.text not in REGISTRY:
            yield Hit(one.text, f"{guide.url}#{one.anchor}", guide.title)

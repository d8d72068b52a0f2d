"""Suggest the name, key and related KPI of a new theme."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import count

from django.utils.text import slugify

from kpis.definitions.registry import REGISTRY

DEFAULT_KPI = "outcome.satisfaction"
# a smaller weight of shared words does not relate a theme to a KPI
MIN_SHARED_WEIGHT = 0.25
# the name has a second word if its weight is at least this share of the first word's
SECOND_WORD_SHARE = 0.45

# matched with English comments
KPI_WORDS = {
    "engagement.progress-velocity": "pace deadline time workload week weekly rhythm slow "
    "schedule reminder hour pause busy",
    "engagement.completion-rate": "finish complete dropout quit abandon motivation",
    "engagement.depth": "video watch lecture forum discussion interactive captions sound slide "
    "player live session",
    "engagement.assessment-performance": "quiz exercise question test exam assignment task "
    "practice grade answer",
    "outcome.skill-attainment": "skill practical example basic knowledge ability hands tool",
    "outcome.certification-completion": "certificate certification badge diploma exam",
    "outcome.career-impact": "job career work interview manager promotion role position salary "
    "portfolio employer project company senior raise promoted hired department team",
    "business.retention": "price cost subscription refund cancel renew expensive pay money",
    "business.referral": "friend colleague recommended invite refer",
}


def name_for(terms: Mapping[str, float], taken: Collection[str]) -> str:
    """The strongest one or two words; a third word or a number makes the name unique."""
    words = sorted(terms, key=lambda word: -terms[word])
    first = words[0]
    joined = [word for word in words[1:2] if terms[word] >= SECOND_WORD_SHARE * terms[first]]
    names = [[first, *joined], words[:2], words[:3]]
    for name in map(_title, names):
        if name not in taken:
            return name
    return next(name for at in count(2) if (name := f"{_title(names[0])} {at}") not in taken)


def _title(words: Collection[str]) -> str:
    return ", ".join(words).capitalize()[:90]


def key_for(name: str, taken: Collection[str]) -> str:
    """A unique key made from the first name; it does not change with the name."""
    key = slugify(name) or "theme"
    if key not in taken:
        return key
    return next(one for at in count(2) if (one := f"{key}-{at}") not in taken)


def kpi_for(terms: Mapping[str, float]) -> str:
    """The KPI whose words the theme shares most; satisfaction if it shares too few."""
    shared = {
        kpi: sum(terms.get(word, 0.0) for word in words.split())
        for kpi, words in KPI_WORDS.items()
        if kpi in REGISTRY
    }
    best = max(shared, key=lambda kpi: shared[kpi], default=DEFAULT_KPI)
    return best if shared.get(best, 0.0) >= MIN_SHARED_WEIGHT else DEFAULT_KPI

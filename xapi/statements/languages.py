"""Choose one language of a language map, as the header Accept-Language asks for."""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation.trans_real import parse_accept_lang_header


@lru_cache(maxsize=256)
def _wanted(header: str) -> tuple[str, ...]:
    """Return lower-case language ranges, the best first."""
    return tuple(one for one, _ in parse_accept_lang_header(header.lower()))


def in_one_language(texts: dict[str, str], header: str) -> dict[str, str]:
    """Return the text in the best language as a map of one; an empty map as it is."""
    for wanted in _wanted(header):
        best = max(texts, key=lambda tag: _fit(tag.lower(), wanted), default="")
        if best and _fit(best.lower(), wanted):
            return {best: texts[best]}
    return dict(list(texts.items())[:1])


def _fit(tag: str, wanted: str) -> int:
    """Return how well a tag fits: itself best, then en-us for en, then en for en-us; 0: not."""
    if tag == wanted:
        return 3
    if tag.startswith(f"{wanted}-"):
        return 2
    return 1 if wanted == "*" or wanted.startswith(f"{tag}-") else 0

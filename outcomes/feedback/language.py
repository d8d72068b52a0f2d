"""Detect the language of a comment."""

from __future__ import annotations

from functools import cache

from babel.core import Locale, get_global
from py3langid.langid import MODEL_FILE, LanguageIdentifier

ENGLISH = "en"
# rare languages are left out, because short English comments would be mistaken for them
LIKELY_LANGUAGES = """
    ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru
    sk sl sr sv sw ta th tl tr uk ur vi zh
"""
# a short comment counts as English if no language is certain and English is probable
CERTAIN, PROBABLE = 0.5, 0.1


def detect(text: str, *, reported: str = "") -> str:
    """The ISO 639-1 code: the reported language (`de-AT` and `deu` are de), or the detected one.

    Empty if the language cannot be determined.
    """
    if code := _normalized(reported):
        return code
    ranked = _identifier().rank(text)
    (likeliest, probability), odds = ranked[0], dict(ranked)
    if probability < CERTAIN and odds.get(ENGLISH, 0.0) >= PROBABLE:
        return ENGLISH
    return likeliest if probability >= PROBABLE else ""


def _normalized(reported: str) -> str:
    """The shortest code of the reported language; empty if there is no such language."""
    code = reported.replace("_", "-").partition("-")[0].lower()
    code = get_global("language_aliases").get(code, code).partition("_")[0]
    return code if code in Locale(ENGLISH).languages else ""


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(LIKELY_LANGUAGES.split())
    return identifier

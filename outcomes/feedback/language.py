"""In which language a comment is."""

from __future__ import annotations

from functools import cache

from babel.core import Locale, get_global
from py3langid.langid import MODEL_FILE, LanguageIdentifier

ENGLISH = "en"
# with rarer ones among them, a few words of English are taken for anything
LIKELY = """
    ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru
    sk sl sr sv sw ta th tl tr uk ur vi zh
"""
# of short comments: nothing else is sure, and English is likely enough
SURE, LIKELY_ENOUGH = 0.5, 0.1


def of(text: str, *, told: str = "") -> str:
    """Its ISO 639-1 code: what the sender told (`de-AT` and `deu` are de), else what the words
    look like.

    Empty where that cannot be told.
    """
    if code := _known(told):
        return code
    ranked = _identifier().rank(text)
    (likeliest, probability), odds = ranked[0], dict(ranked)
    if probability < SURE and odds.get(ENGLISH, 0.0) >= LIKELY_ENOUGH:
        return ENGLISH
    return likeliest if probability >= LIKELY_ENOUGH else ""


def _known(told: str) -> str:
    """The shortest code of the language told; empty where there is no such language."""
    code = told.replace("_", "-").partition("-")[0].lower()
    code = get_global("language_aliases").get(code, code).partition("_")[0]
    return code if code in Locale(ENGLISH).languages else ""


@cache
def _identifier() -> LanguageIdentifier:
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(LIKELY.split())
    return found

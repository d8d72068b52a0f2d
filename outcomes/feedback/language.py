"""In which language a comment is."""

from __future__ import annotations

from functools import cache

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
    """Its ISO 639-1 code: what the sender told (`de-AT` is de), else what the words look like.

    Empty where that cannot be told.
    """
    if told:
        return told.replace("_", "-").partition("-")[0].lower()[:8]
    ranked = _identifier().rank(text)
    (likeliest, probability), odds = ranked[0], dict(ranked)
    if probability < SURE and odds.get(ENGLISH, 0.0) >= LIKELY_ENOUGH:
        return ENGLISH
    return likeliest if probability >= LIKELY_ENOUGH else ""


@cache
def _identifier() -> LanguageIdentifier:
    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    found.set_languages(LIKELY.split())
    return found

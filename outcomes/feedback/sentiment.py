"""How a learner feels, −1 to 1: what they rated tells first, and their words second."""

from __future__ import annotations

from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from outcomes.models import CommentAnalysis

Mood = CommentAnalysis.Mood

# words that weigh less than this either way tell nothing for sure
UNSURE = 0.4
# ratings between passives and the ends of their scale
NEUTRAL = 0.25
MIDDLE_CSAT, MIDDLE_NPS = 3, 7.5


def of(text: str, *, csat: int | None, nps: int | None) -> tuple[float | None, str, bool]:
    """The sentiment, its mood and whether a rating told it; None where words leave it open."""
    rated = of_rating(csat, nps)
    if rated is not None:
        return rated, mood_of(rated), True
    said = of_words(text)
    return (None, Mood.UNSURE, False) if said is None else (said, mood_of(said), False)


def of_rating(csat: int | None, nps: int | None) -> float | None:
    """CSAT 1–5 is −1 to 1; of NPS the passives 7 and 8 lie around 0. None without either."""
    if csat is not None:
        return (csat - MIDDLE_CSAT) / 2
    if nps is not None:
        return max(-1.0, (nps - MIDDLE_NPS) / (10 - MIDDLE_NPS))
    return None


def of_words(text: str) -> float | None:
    """VADER's compound score of English words (Hutto and Gilbert 2014); None where unsure."""
    score = float(_analyzer().polarity_scores(text)["compound"])
    return score if abs(score) >= UNSURE else None


def mood_of(sentiment: float) -> str:
    if abs(sentiment) < NEUTRAL:
        return Mood.NEUTRAL
    return Mood.POSITIVE if sentiment > 0 else Mood.NEGATIVE


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()

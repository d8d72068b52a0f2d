"""Measure the sentiment of a comment from −1 to 1, by the rating given with it or its words."""

from __future__ import annotations

from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from outcomes.models import CommentAnalysis

Mood = CommentAnalysis.Mood

# a VADER score closer to 0 than this is unclear
MIN_WORD_SCORE = 0.4
# a sentiment closer to 0 than this is neutral
NEUTRAL = 0.25
MIDDLE_CSAT, MIDDLE_NPS = 3, 7.5


def of_comment(text: str, *, csat: int | None, nps: int | None) -> tuple[float | None, str, bool]:
    """The sentiment (None if unclear), its mood, and whether it comes from the rating."""
    rated = of_rating(csat, nps)
    if rated is not None:
        return rated, mood_of(rated), True
    score = of_words(text)
    return (None, Mood.UNCLEAR, False) if score is None else (score, mood_of(score), False)


def of_rating(csat: int | None, nps: int | None) -> float | None:
    """Map CSAT 1–5 onto −1 to 1, or NPS with the passives 7 and 8 around 0; None without both."""
    if csat is not None:
        return (csat - MIDDLE_CSAT) / 2
    if nps is not None:
        return max(-1.0, (nps - MIDDLE_NPS) / (10 - MIDDLE_NPS))
    return None


def of_words(text: str) -> float | None:
    """VADER's compound score of English words (Hutto and Gilbert 2014); None if unclear."""
    score = float(_analyzer().polarity_scores(text)["compound"])
    return score if abs(score) >= MIN_WORD_SCORE else None


def mood_of(sentiment: float) -> str:
    if abs(sentiment) < NEUTRAL:
        return Mood.NEUTRAL
    return Mood.POSITIVE if sentiment > 0 else Mood.NEGATIVE


@cache
def _analyzer() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()

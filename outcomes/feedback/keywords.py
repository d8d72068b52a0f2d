"""A comment as the words that tell what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

WORD = re.compile(r"[a-z]{3,}")
# words of every comment on a course, and those that tell how it was instead of what
EVERYWHERE = """
    able actually answer ask bit come could course day did didn does doesn don especially
    even every everything fact feel felt find finally found gave get getting give going got haven
    help helped hour however isn just know learn learned learning learnt like little long look lot
    made make many maybe module month much need never next nothing now only overall part people
    quite really recommend right said say short show sometimes still such sure take taught teach
    thank thing think though took totally try two use used using want wasn way week well went will
    without won work worked working would year
    amazing awesome awful bad best better boring brilliant clear disappointed easy enjoy enjoyed
    excellent expected expect fine glad good great happy hard helpful horrible interesting joy
    kept loved love lovely nice okay perfect perfectly please poor real super terrible useful
    asked came changed easily end exact exactly faster leave left liked looking moved new notice
    noticed opened ran run saw slow sooner
    showed shown start started stick stuck waited wanted wrote wish wonderful worth worst wrong
"""
# kept though they stand above: they name what a theme may be about
TOPICAL = frozenset({"work", "people", "help"})
SKIPPED = frozenset(ENGLISH_STOP_WORDS) | (frozenset(EVERYWHERE.split()) - TOPICAL)


def words_of(text: str, *, names: re.Pattern[str] | None = None) -> list[str]:
    """The telling words in their order, in the singular, without what `names` finds."""
    text = text.lower()
    text = names.sub(" ", text) if names else text
    found = (singular(word) for word in WORD.findall(text) if word not in SKIPPED)
    return [word for word in found if word not in SKIPPED]


def pattern_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """What finds the names of courses and modules in lower case; None where there are none.

    A name of one word stays: videos may be a module, and are a theme all the same.
    """
    several = {name.lower() for name in names if " " in name.strip()}
    if not several:
        return None
    longest_first = sorted(several, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest_first)))


def singular(word: str) -> str:
    """Near enough for telling themes apart: exercises is exercise, quizzes quiz."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("zzes"):
        return word[:-3]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word

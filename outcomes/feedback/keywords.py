"""Reduce a comment to the words that show its subject."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

WORD = re.compile(r"[a-z]{3,}")
# words of any comment on a course, and words of praise or blame rather than of a subject
COMMON_WORDS = """
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
# in the list of stop words of scikit-learn or above, but possible subjects of a theme
TOPICAL = frozenset({"work", "people", "help"})
STOP_WORDS = frozenset(ENGLISH_STOP_WORDS) | (frozenset(COMMON_WORDS.split()) - TOPICAL)


def words_of(text: str, *, names: re.Pattern[str] | None = None) -> list[str]:
    """The subject words in order and in the singular, without what `names` matches."""
    text = text.lower()
    text = names.sub(" ", text) if names else text
    found = (singular(word) for word in WORD.findall(text) if word not in STOP_WORDS)
    return [word for word in found if word not in STOP_WORDS]


def pattern_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that matches these names in lower case; None if there are none.

    Names of one word are ignored: “Videos” may be a module, but it can also be a theme.
    """
    several = {name.lower() for name in names if " " in name.strip()}
    if not several:
        return None
    longest_first = sorted(several, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(re.escape, longest_first)))


def singular(word: str) -> str:
    """Reduce a plural to its singular, well enough to compare themes: quizzes to quiz."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("zzes"):
        return word[:-3]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word

"""What a search finds, and how words are matched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

# of each kind
MOST = 8
MIN_LENGTH = 2
MAX_WORDS = 6


@dataclass(frozen=True)
class Hit:
    title: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Group:
    """The hits of one kind; `has_more` says that not all are listed."""

    title: str
    hits: Sequence[Hit]
    has_more: bool = False


def words_of(text: str) -> list[str]:
    """Return the words to look for; none if the text is too short."""
    words = text.lower().split()[:MAX_WORDS]
    return words if len("".join(words)) >= MIN_LENGTH else []


def matches(words: Sequence[str], *texts: str) -> bool:
    """Return whether each word is in one of the texts."""
    text = "\n".join(texts).lower()
    return all(word in text for word in words)


def matching(words: Sequence[str], *fields: str) -> Q:
    """Return the condition that each word is in one of the columns."""
    found = Q()
    for word in words:
        any_field = Q()
        for field in fields:
            any_field |= Q(**{f"{field}__icontains": word})
        found &= any_field
    return found

"""What a click on a page of the publisher's learning environment says, by the page's type."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Meaning:
    """How the clicks count beside being interactions."""

    is_productive: bool = False
    is_quiz: bool = False
    is_content: bool = False


ANSWER = Meaning(is_productive=True)
QUIZ = Meaning(is_productive=True, is_quiz=True)
CONTENT = Meaning(is_content=True)
# posting cannot be told from reading here, and reading is what most such clicks are
TALK = Meaning()
NAVIGATION = Meaning()
UNKNOWN = Meaning()

MEANINGS: dict[str, Meaning] = {
    "quiz": QUIZ,
    "externalquiz": QUIZ,
    "repeatactivity": ANSWER,
    "questionnaire": ANSWER,
    "oucontent": CONTENT,
    "resource": CONTENT,
    "page": CONTENT,
    "subpage": CONTENT,
    "sharedsubpage": CONTENT,
    "dualpane": CONTENT,
    "htmlactivity": CONTENT,
    "url": CONTENT,
    "folder": CONTENT,
    "glossary": CONTENT,
    "dataplus": TALK,
    "forumng": TALK,
    "oucollaborate": TALK,
    "ouelluminate": TALK,
    "ouwiki": TALK,
    "homepage": NAVIGATION,
}


@dataclass(frozen=True)
class Sites:
    """The pages by id with what a click on each counts for (0 or 1), one column per meaning."""

    ids: pa.Array
    productive: pa.Array
    content: pa.Array
    quiz: pa.Array

    @classmethod
    def of(cls, types: dict[int, str]) -> Sites:
        meanings = [MEANINGS.get(kind, UNKNOWN) for kind in types.values()]
        return cls(
            ids=pa.array(types, pa.int32()),
            productive=_ones(meaning.is_productive for meaning in meanings),
            content=_ones(meaning.is_content for meaning in meanings),
            quiz=_ones(meaning.is_quiz for meaning in meanings),
        )


def _ones(claims: object) -> pa.Array:
    return pa.array(claims, pa.bool_()).cast(pa.int64())

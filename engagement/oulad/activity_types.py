"""What a click on a page of the learning environment counts as, by the type of the page."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class ClickType:
    """What a click counts as, beside being an interaction."""

    is_productive: bool = False
    is_quiz: bool = False
    is_content: bool = False


ANSWER = ClickType(is_productive=True)
QUIZ = ClickType(is_productive=True, is_quiz=True)
CONTENT = ClickType(is_content=True)
# posting cannot be distinguished from reading, and most such clicks are reading
DISCUSSION = ClickType()
NAVIGATION = ClickType()
UNKNOWN = ClickType()

CLICK_TYPES: dict[str, ClickType] = {
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
    "dataplus": DISCUSSION,
    "forumng": DISCUSSION,
    "oucollaborate": DISCUSSION,
    "ouelluminate": DISCUSSION,
    "ouwiki": DISCUSSION,
    "homepage": NAVIGATION,
}


@dataclass(frozen=True)
class Pages:
    """The pages by id, with a column of 0 or 1 for each thing that a click on them counts as."""

    ids: pa.Array
    productive: pa.Array
    content: pa.Array
    quiz: pa.Array

    @classmethod
    def of(cls, types: dict[int, str]) -> Pages:
        """Make the table from activity types by page id."""
        clicks = [CLICK_TYPES.get(name, UNKNOWN) for name in types.values()]
        return cls(
            ids=pa.array(types, pa.int32()),
            productive=_ones(one.is_productive for one in clicks),
            content=_ones(one.is_content for one in clicks),
            quiz=_ones(one.is_quiz for one in clicks),
        )


def _ones(flags: object) -> pa.Array:
    return pa.array(flags, pa.bool_()).cast(pa.int64())

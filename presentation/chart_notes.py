"""Notes on dates in the data of charts: which periods they mark, and their texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core import localized
from kpis.definitions.periods import Period
from kpis.models import DateNote


def with_notes(
    chart: dict[str, Any],
    periods: Sequence[Period],
    notes: Iterable[DateNote],
    course_ids: frozenset[int] | None,
) -> dict[str, Any]:
    """Add the notes of the site and of these courses (None: of all) to a chart over periods."""
    shown = [one for one in notes if _is_about(one, course_ids)]
    placed = list(_placed(shown, periods))
    return chart | {"notes": placed} if placed else chart


def _is_about(note: DateNote, course_ids: frozenset[int] | None) -> bool:
    return note.course_id is None or course_ids is None or note.course_id in course_ids


def _placed(notes: Iterable[DateNote], periods: Sequence[Period]) -> Iterator[dict[str, Any]]:
    for note in notes:
        places = [
            at
            for at, one in enumerate(periods)
            if one.first <= note.until and note.first_day <= one.last
        ]
        if places:
            yield {"first": places[0], "last": places[-1], "text": text_of(note)}


def text_of(note: DateNote) -> str:
    """Return such as “12 May 2026: New video platform (Data Analysis)”."""
    days = localized.day(note.first_day)
    if note.until != note.first_day:
        days = f"{days} – {localized.day(note.until)}"
    place = f" ({note.course})" if note.course else ""
    return f"{days}: {note.text}{place}"

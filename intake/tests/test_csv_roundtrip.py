"""Any content of a cell is read as it was written, with the right line number."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.csv.reading import EventFile
from intake.event_kinds import KINDS
from intake.tables.errors import TableError
from intake.tables.text import TextTable

pytestmark = pytest.mark.once

# spaces around a cell are removed, and spreadsheets drop carriage returns
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(str.strip)
texts = st.lists(words, min_size=1, max_size=3).map("\n".join).map(str.strip).filter(bool)
rows = st.lists(st.fixed_dictionaries({"id": texts, "learner": texts, "object": texts}), min_size=1)
QUIET = settings(max_examples=100, deadline=None)


def opened(content: bytes) -> EventFile:
    return EventFile(TextTable(lambda: io.BytesIO(content), "events.csv"), KINDS["content.viewed"])


def written(given_rows: list[dict[str, str]], delimiter: str, end: str, mark: str) -> bytes:
    text = io.StringIO(newline="")
    names = ["id", "learner", "object", "occurred_at", "course"]
    writer = csv.DictWriter(text, names, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(
        {**row, "occurred_at": "2026-01-06T09:00:00Z", "course": "py"} for row in given_rows
    )
    return (mark + text.getvalue()).encode()


@QUIET
@given(
    rows, st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"])
)
def test_what_is_written_is_read(
    written_rows: list[dict[str, str]], delimiter: str, end: str, mark: str
) -> None:
    read = [row.raw for row in opened(written(written_rows, delimiter, end, mark))]

    assert [
        {name: raw[name] for name in written_rows[0]} for raw in read if isinstance(raw, dict)
    ] == written_rows
    assert len(read) == len(written_rows)


@QUIET
@given(rows)
def test_each_row_has_the_line_in_which_it_starts(written_rows: list[dict[str, str]]) -> None:
    lines = written(written_rows, ",", "\n", "").decode().split("\n")
    for row in opened(written(written_rows, ",", "\n", "")):
        assert isinstance(row.raw, dict)
        assert lines[row.line - 1].startswith(_begin(row.raw["id"]))


def _begin(key: str) -> str:
    """Return the start of a row, up to the id, as the csv module writes it."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow([key, "x"])
    return text.getvalue().removesuffix(",x\n").split("\n")[0]


@QUIET
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_rejected_with_a_message(noise: bytes) -> None:
    assert read_or_refused(noise)
    assert read_or_refused(b"id,occurred_at,learner,course\n" + noise)


def read_or_refused(content: bytes) -> list[Any] | str:
    try:
        return list(opened(content))
    except TableError as error:
        return str(error)


@QUIET
@given(st.lists(st.sampled_from(["ada", "bo"]), min_size=1, max_size=8), st.randoms())
def test_derived_ids_do_not_depend_on_the_order_of_rows(written_rows: list[str], rng: Any) -> None:
    shuffled = list(written_rows)
    rng.shuffle(shuffled)

    assert ids(written_rows) == ids(shuffled)
    assert len(ids(written_rows)) == len(written_rows)


def ids(learners: list[str]) -> set[str]:
    lines = [f"2026-01-06T09:00:00Z,{learner},py" for learner in learners]
    text = "\n".join(["occurred_at,learner,course", *lines])
    return {row.raw["id"] for row in opened(text.encode()) if isinstance(row.raw, dict)}

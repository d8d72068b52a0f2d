"""What a CSV may look like, and what is told of one that cannot be read."""

from __future__ import annotations

import io
from typing import Any

import pytest

from intake.csv.reading import CsvError, EventFile
from intake.event_kinds import KINDS
from intake.event_parsing import InvalidLine

HEADER = "id,occurred_at,learner,course"
ROW = "e1,2026-01-06T09:00:00Z,ada,py"

pytestmark = pytest.mark.once


def opened(text: str | bytes, kind: str = "content.viewed") -> EventFile:
    content = text.encode() if isinstance(text, str) else text
    return EventFile(lambda: io.BytesIO(content), "events.csv", KINDS[kind])


def raws(text: str | bytes, kind: str = "content.viewed") -> list[Any]:
    return [row.raw for row in opened(text, kind)]


def refusal(text: str | bytes, kind: str = "content.viewed") -> str:
    with pytest.raises(CsvError) as caught:
        opened(text, kind)
    return str(caught.value)


EVENT = {
    "id": "e1",
    "kind": "content.viewed",
    "occurred_at": "2026-01-06T09:00:00Z",
    "learner": "ada",
    "course": "py",
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiter_line_end_and_mark_are_found_out(delimiter: str, end: str, mark: bytes) -> None:
    text = f"{HEADER}{end}{ROW}{end}".replace(",", delimiter)

    assert raws(mark + text.encode()) == [EVENT]


def test_quoted_names_leave_the_delimiter_to_be_found() -> None:
    assert raws('"id";"occurred_at";"learner";"course"\n' + ROW.replace(",", ";")) == [EVENT]


def test_names_are_taken_as_people_write_them() -> None:
    assert raws(f" ID ,Occurred at,LEARNER,Course\n{ROW}") == [EVENT]


PAID = "p1,2026-01-06T09:00:00Z,250.00,USD,acme,organisation"


@pytest.mark.parametrize(
    "names", ["data.customer.key,data.customer.kind", "customer.key,Customer Kind", "key,kind"]
)
def test_fields_within_fields_have_short_names_where_these_are_unique(names: str) -> None:
    (raw,) = raws(f"id,occurred_at,amount,currency,{names}\n{PAID}", "payment.received")

    assert raw["data"] == {
        "amount": "250.00",
        "currency": "USD",
        "customer": {"key": "acme", "kind": "organisation"},
    }


def test_a_field_of_data_goes_before_one_that_lies_deeper() -> None:
    row = "s1,2026-01-06T09:00:00Z,ada,sub-1,purchase"
    (raw,) = raws(f"id,occurred_at,learner,subscription,kind\n{row}", "subscription.started")

    assert raw["data"] == {"subscription": "sub-1", "kind": "purchase"}


def test_who_begins_to_tell_of_a_customer_tells_what_that_needs() -> None:
    header = "id,occurred_at,amount,currency,customer.key"

    assert refusal(f"{header}\np1,x,1,USD,acme", "payment.received").startswith(
        "“customer.kind” is missing: one of learner, organisation."
    )


def test_a_customer_stands_for_the_learner() -> None:
    header = "id,occurred_at,subscription"
    row = "s1,2026-01-06T09:00:00Z,sub-1"

    assert "“learner” is missing" in refusal(f"{header}\n{row}", "subscription.started")
    customer = "customer.key,customer.kind"
    assert raws(f"{header},{customer}\n{row},acme,organisation", "subscription.started")


def test_quotes_delimiters_and_line_breaks_stand_in_cells() -> None:
    (raw,) = raws(f'{HEADER},object\n{ROW},"a ""b"", c\nd"')

    assert raw["object"] == 'a "b", c\nd'


def test_an_empty_cell_is_left_out() -> None:
    assert raws(f"{HEADER},module\n{ROW},") == [EVENT]


def test_rows_and_columns_that_are_empty_are_passed_over() -> None:
    assert raws(f"\n{HEADER},\n\n{ROW},\n , ,,,\n") == [EVENT]


def test_a_row_begins_in_the_line_that_an_editor_shows() -> None:
    file = opened(f'{HEADER},object\n\n{ROW},"two\r\nlines"\n{ROW},q\n')

    assert [row.line for row in file] == [3, 5]


def test_a_row_with_too_many_or_too_few_cells_is_refused_by_itself() -> None:
    long, good, short = raws(f"{HEADER}\n{ROW},more\n{ROW}\ne3,x")

    assert isinstance(long, InvalidLine)
    assert long.reason == "The row has 5 cells and the header 4."
    assert good == EVENT
    assert isinstance(short, InvalidLine)
    assert short.text == "e3,x"


def test_a_cell_in_a_column_without_a_name_is_refused() -> None:
    (raw,) = raws(f"{HEADER},\n{ROW},stray")

    assert isinstance(raw, InvalidLine)
    assert "“stray” in a column without a name" in raw.reason


def test_every_fault_of_the_header_is_told_at_once() -> None:
    assert refusal(f"id,learner,learner,coarse,kind\n{ROW},x") == (
        "“coarse” is no column of content.viewed; did you mean “course”?\n"
        "“kind” is no column: all rows are content.viewed; leave it out.\n"
        "“learner” stands in the header 2 times; leave one.\n"
        "“occurred_at” is missing: a moment with its offset, such as 2026-03-31T09:30:00Z.\n"
        "“course” is missing: text of at most 100 characters.\n"
        "Columns of content.viewed: id, occurred_at, learner, course, run, module, object, value.\n"
        "A column is left out by --columns “coarse=”."
    )


def test_what_the_kind_needs_is_a_needed_column() -> None:
    assert "“module” is missing" in refusal(f"{HEADER}\n{ROW}", "module.completed")
    assert "“segments” is missing" in refusal(f"{HEADER},object\n{ROW},v", "video.watched")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (f"{HEADER}\n".encode(), "has a header and no rows"),
        (f"{HEADER}\n{ROW}".encode("utf-16"), "is UTF-16; save it as CSV UTF-8"),
        (f"{HEADER}\n{ROW}\ne2,,J\xfcrg".encode("latin-1"), "Line 3 is not UTF-8 (byte 6 is 0xfc)"),
        (f'{HEADER}\n{ROW}\ne2,"2026,ada,py\n{ROW}'.encode(), "begins in line 3 cannot be read"),
        (f'{HEADER}\n{ROW}\n"e2"x,,,'.encode(), "begins in line 3 cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_with_its_line(content: bytes, told: str) -> None:
    assert told in refusal(content)


def data(cells: str, columns: str, kind: str) -> Any:
    (raw,) = raws(f"{HEADER},{columns}\n{ROW},{cells}", kind)
    return raw["data"]


def test_numbers_are_made_where_numbers_are_wanted() -> None:
    graded = "object,value,attempt,data.max"
    (raw,) = raws(f"{HEADER},{graded}\n{ROW},q1,0.5,2.0,100", "assessment.graded")

    assert (raw["object"], raw["value"]) == ("q1", 0.5)
    assert raw["data"] == {"attempt": 2, "max": 100.0}


def test_what_is_no_number_stays_as_it_is_for_the_door_to_refuse() -> None:
    (raw,) = raws(f'{HEADER},object,value\n{ROW},q1,"0,5"', "assessment.graded")

    assert raw["value"] == "0,5"


def test_a_key_of_digits_stays_text() -> None:
    (raw,) = raws(f"{HEADER}\n007,2026-01-06T09:00:00Z,12,1e5")

    assert (raw["id"], raw["learner"], raw["course"]) == ("007", "12", "1e5")


def test_stretches_are_written_from_to_with_semicolons_between() -> None:
    told = data("intro,0-95.5; 120-180,240", "object,segments,duration", "video.watched")

    assert told == {"segments": [[0.0, 95.5], [120.0, 180.0]], "duration": 240.0}


def test_lists_of_objects_are_written_as_json() -> None:
    cells = 'q1,1,"[{""id"": ""a"", ""score"": 1}]"'

    assert data(cells, "object,value,items", "assessment.graded") == {
        "items": [{"id": "a", "score": 1}]
    }


def test_rows_alike_in_one_file_get_ids_of_their_own() -> None:
    row = "2026-01-06T09:00:00Z,ada,py"
    first, second, other = raws(f"occurred_at,learner,course\n{row}\n{row}\n{row}x")

    assert second["id"] == f"{first['id']}-2"
    assert other["id"] != first["id"]
    assert len(first["id"]) == 44

"""Which CSV files can be read, and the errors for those that cannot."""

from __future__ import annotations

import io
from typing import Any

import pytest

from intake.csv.reading import EventFile
from intake.event_kinds import KINDS
from intake.events.envelope import UnreadableEvent
from intake.tables.errors import TableError
from intake.tables.text import TextTable

HEADER = "id,occurred_at,learner,course"
ROW = "e1,2026-01-06T09:00:00Z,ada,py"

pytestmark = pytest.mark.once


def opened(text: str | bytes, kind: str = "content.viewed") -> EventFile:
    content = text.encode() if isinstance(text, str) else text
    return EventFile(TextTable(lambda: io.BytesIO(content), "events.csv"), KINDS[kind])


def raws(text: str | bytes, kind: str = "content.viewed") -> list[Any]:
    return [row.raw for row in opened(text, kind)]


def error_of(text: str | bytes, kind: str = "content.viewed") -> str:
    with pytest.raises(TableError) as caught:
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
def test_delimiter_line_ending_and_byte_order_mark_are_detected(
    delimiter: str, end: str, mark: bytes
) -> None:
    text = f"{HEADER}{end}{ROW}{end}".replace(",", delimiter)

    assert raws(mark + text.encode()) == [EVENT]


def test_the_delimiter_is_detected_between_quoted_names() -> None:
    assert raws('"id";"occurred_at";"learner";"course"\n' + ROW.replace(",", ";")) == [EVENT]


def test_column_names_ignore_case_and_separators() -> None:
    assert raws(f" ID ,Occurred at,LEARNER,Course\n{ROW}") == [EVENT]


PAID = "p1,2026-01-06T09:00:00Z,250.00,USD,acme,organisation"


@pytest.mark.parametrize(
    "names", ["data.customer.key,data.customer.kind", "customer.key,Customer Kind", "key,kind"]
)
def test_nested_fields_have_short_names_where_unambiguous(names: str) -> None:
    (raw,) = raws(f"id,occurred_at,amount,currency,{names}\n{PAID}", "payment.received")

    assert raw["data"] == {
        "amount": "250.00",
        "currency": "USD",
        "customer": {"key": "acme", "kind": "organisation"},
    }


def test_a_field_of_data_takes_precedence_over_a_deeper_one() -> None:
    row = "s1,2026-01-06T09:00:00Z,ada,sub-1,purchase"
    (raw,) = raws(f"id,occurred_at,learner,subscription,kind\n{row}", "subscription.started")

    assert raw["data"] == {"subscription": "sub-1", "kind": "purchase"}


def test_a_partial_customer_needs_its_required_columns() -> None:
    header = "id,occurred_at,amount,currency,customer.key"

    assert error_of(f"{header}\np1,x,1,USD,acme", "payment.received").startswith(
        "Column “customer.kind” is missing (one of learner, organisation)."
    )


def test_a_customer_replaces_the_learner() -> None:
    header = "id,occurred_at,subscription"
    row = "s1,2026-01-06T09:00:00Z,sub-1"

    assert "“learner” is missing" in error_of(f"{header}\n{row}", "subscription.started")
    customer = "customer.key,customer.kind"
    assert raws(f"{header},{customer}\n{row},acme,organisation", "subscription.started")


def test_cells_may_contain_quotes_delimiters_and_line_breaks() -> None:
    (raw,) = raws(f'{HEADER},object\n{ROW},"a ""b"", c\nd"')

    assert raw["object"] == 'a "b", c\nd'


def test_an_empty_cell_is_ignored() -> None:
    assert raws(f"{HEADER},module\n{ROW},") == [EVENT]


def test_empty_rows_and_columns_are_skipped() -> None:
    assert raws(f"\n{HEADER},\n\n{ROW},\n , ,,,\n") == [EVENT]


def test_a_row_has_the_line_number_of_an_editor() -> None:
    file = opened(f'{HEADER},object\n\n{ROW},"two\r\nlines"\n{ROW},q\n')

    assert [row.line for row in file] == [3, 5]


def test_only_the_row_with_too_many_or_too_few_cells_is_rejected() -> None:
    long, good, short = raws(f"{HEADER}\n{ROW},more\n{ROW}\ne3,x")

    assert isinstance(long, UnreadableEvent)
    assert long.reason == "The row has 5 cells, but the header has 4."
    assert good == EVENT
    assert isinstance(short, UnreadableEvent)
    assert short.text == "e3,x"


def test_a_cell_in_a_column_without_a_name_is_rejected() -> None:
    (raw,) = raws(f"{HEADER},\n{ROW},stray")

    assert isinstance(raw, UnreadableEvent)
    assert "“stray” in a column without a name" in raw.reason


def test_all_problems_of_the_header_are_reported_at_once() -> None:
    assert error_of(f"id,learner,learner,coarse,kind\n{ROW},x") == (
        "Unknown column “coarse” for content.viewed. Did you mean “course”?\n"
        "Remove the column “kind”: all rows are content.viewed events.\n"
        "Column “learner” appears 2 times in the header; keep one.\n"
        "Column “occurred_at” is missing (a date and time with its UTC offset, such as "
        "2026-03-31T09:30:00Z).\n"
        "Column “course” is missing (text of at most 100 characters).\n"
        "Columns for content.viewed: id, occurred_at, learner, course, run, module, object, "
        "value.\n"
        "To ignore a column, use --columns “coarse=”."
    )


def test_a_field_that_the_kind_needs_is_a_required_column() -> None:
    assert "“module” is missing" in error_of(f"{HEADER}\n{ROW}", "module.completed")
    assert "“segments” is missing" in error_of(f"{HEADER},object\n{ROW},v", "video.watched")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (f"{HEADER}\n".encode(), "has a header but no rows"),
        (f"{HEADER}\n{ROW}\ne2,,J\xfcrg".encode("latin-1"), "Line 3 is not UTF-8 (byte 6 is 0xfc)"),
        (f'{HEADER}\n{ROW}\ne2,"2026,ada,py\n{ROW}'.encode(), "starts in line 3 cannot be read"),
        (f'{HEADER}\n{ROW}\n"e2"x,,,'.encode(), "starts in line 3 cannot be read"),
    ],
)  # fmt: skip
def test_an_unreadable_file_is_an_error_with_its_line(content: bytes, message: str) -> None:
    assert message in error_of(content)


def data(cells: str, columns: str, kind: str) -> Any:
    (raw,) = raws(f"{HEADER},{columns}\n{ROW},{cells}", kind)
    return raw["data"]


def test_numbers_are_converted_where_the_schema_has_numbers() -> None:
    graded = "object,value,attempt,data.max"
    (raw,) = raws(f"{HEADER},{graded}\n{ROW},q1,0.5,2.0,100", "assessment.graded")

    assert (raw["object"], raw["value"]) == ("q1", 0.5)
    assert raw["data"] == {"attempt": 2, "max": 100.0}


def test_an_invalid_number_stays_text_for_intake_to_reject() -> None:
    (raw,) = raws(f'{HEADER},object,value\n{ROW},q1,"0,5"', "assessment.graded")

    assert raw["value"] == "0,5"


def test_a_key_of_digits_stays_text() -> None:
    (raw,) = raws(f"{HEADER}\n007,2026-01-06T09:00:00Z,12,1e5")

    assert (raw["id"], raw["learner"], raw["course"]) == ("007", "12", "1e5")


def test_video_segments_are_separated_by_semicolons() -> None:
    read = data("intro,0-95.5; 120-180,240", "object,segments,duration", "video.watched")

    assert read == {"segments": [[0.0, 95.5], [120.0, 180.0]], "duration": 240.0}


def test_lists_of_objects_are_written_as_json() -> None:
    cells = 'q1,1,"[{""id"": ""a"", ""score"": 1}]"'

    assert data(cells, "object,value,items", "assessment.graded") == {
        "items": [{"id": "a", "score": 1}]
    }


def test_identical_rows_in_one_file_get_different_ids() -> None:
    row = "2026-01-06T09:00:00Z,ada,py"
    first, second, other = raws(f"occurred_at,learner,course\n{row}\n{row}\n{row}x")

    assert second["id"] == f"{first['id']}-2"
    assert other["id"] != first["id"]
    assert len(first["id"]) == 44

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from curriculum.parameter_kinds import Kind, ValueType

DAYS = ValueType(
    name="Planned days", kind=Kind.DURATION, unit="days", is_whole=True,
    minimum=Decimal(1), maximum=Decimal(90), step=Decimal(1),
)  # fmt: skip
PASS_MARK = ValueType(
    name="Pass mark", kind=Kind.SHARE,
    minimum=Decimal("0.3"), maximum=Decimal(1), step=Decimal("0.05"),
)  # fmt: skip
TONE = ValueType(
    name="Tone", kind=Kind.CHOICE, choices=("Friendly", "Strict", "Neutral"),
    minimum=Decimal(0), maximum=Decimal(2), step=Decimal(1),
)  # fmt: skip
CHAT = ValueType(
    name="Chat", kind=Kind.SWITCH, minimum=Decimal(0), maximum=Decimal(1), step=Decimal(1)
)
HOURS = ValueType(
    name="Tutor hours", kind=Kind.NUMBER, unit="hours per week",
    minimum=Decimal(0), maximum=Decimal(2000), step=Decimal("0.5"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (DAYS, "7", "7 days"),
        (DAYS, "1", "1 day"),
        (PASS_MARK, "0.7", "70%"),
        (PASS_MARK, "0.65", "65%"),
        (TONE, "1", "Strict"),
        (CHAT, "1", "On"),
        (CHAT, "0", "Off"),
        (HOURS, "2.5", "2.5 hours per week"),
    ],
)
def test_a_value_is_written_with_its_unit(kind: ValueType, value: str, text: str) -> None:
    assert kind.written(Decimal(value)) == text
    assert kind.parse(text) == Decimal(value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (DAYS, " 7 ", "7"),
        (DAYS, "7 DAYS", "7"),
        (PASS_MARK, "0.7", "0.7"),
        (PASS_MARK, "70 %", "0.7"),
        (PASS_MARK, "1", "1"),
        (TONE, "strict", "1"),
        (CHAT, "true", "1"),
        (CHAT, "no", "0"),
        (HOURS, "1,000.5", "1000.5"),
        (HOURS, "1000.5000", "1000.5"),
    ],
)
def test_what_people_and_programs_enter_is_read(kind: ValueType, text: str, value: str) -> None:
    assert kind.parse(text) == Decimal(value)


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (DAYS, "soon", "Enter Planned days as a number, such as 1."),
        (DAYS, "7 weeks", "Enter Planned days as a number, such as 1."),
        (DAYS, "NaN", "Enter Planned days as a number, such as 1."),
        (DAYS, "Infinity", "Enter Planned days as a number, such as 1."),
        (DAYS, "", "Enter Planned days as a number, such as 1."),
        (DAYS, "91", "Planned days must be between 1 and 90, not 91."),
        (DAYS, "2.5", "Planned days must be a whole number, not 2.5."),
        (PASS_MARK, "70", "Enter a share such as 70%, with the percent sign."),
        (PASS_MARK, "20%", "Pass mark must be between 30% and 100%, not 20%."),
        (PASS_MARK, "72%", "Pass mark changes in steps of 5%: 70% or 75%, not 72%."),
        (TONE, "3", "Tone is one of these: Friendly, Strict, Neutral."),
        (CHAT, "maybe", "Chat is one of these: Off, On."),
    ],
)
def test_anything_else_is_rejected_with_what_would_be_right(
    kind: ValueType, text: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.parse(text)
    assert caught.value.messages == [sentence]


def test_numbers_are_read_in_the_reader_s_language() -> None:
    with translation.override("de"):
        assert HOURS.parse("2,5") == Decimal("2.5")
        assert HOURS.parse("1.000,5") == Decimal("1000.5")
        assert PASS_MARK.parse(PASS_MARK.written(Decimal("0.65"))) == Decimal("0.65")


@pytest.mark.parametrize(
    ("kind", "value", "steps", "shifted"),
    [
        (DAYS, "7", 3, "10"),
        (DAYS, "7", -3, "4"),
        (DAYS, "89", 3, "90"),
        (DAYS, "2", -9, "1"),
        (PASS_MARK, "0.7", -2, "0.6"),
        # between two steps: to the next one in that direction
        (PASS_MARK, "0.72", 1, "0.75"),
        (PASS_MARK, "0.72", -1, "0.7"),
        (DAYS, "120", 1, "90"),
        (CHAT, "0", 5, "1"),
    ],
)
def test_a_value_moves_by_steps_within_the_bounds(
    kind: ValueType, value: str, steps: int, shifted: str
) -> None:
    assert kind.shifted(Decimal(value), steps) == Decimal(shifted)


def test_the_last_step_is_the_last_one_within_the_bounds() -> None:
    thirds = ValueType(
        name="Items", kind=Kind.NUMBER, minimum=Decimal(0), maximum=Decimal(10), step=Decimal(3)
    )

    assert thirds.shifted(Decimal(6), 5) == 9
    assert thirds.nearest(Decimal(10)) == 9


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"step": Decimal(0)}, "The step must be positive."),
        ({"minimum": Decimal(99)}, "The maximum must not be below the minimum."),
        ({"unit": "moons"}, "Choose minutes, hours, days or weeks as the unit."),
        ({"kind": Kind.SHARE}, "A share lies between 0% and 100%."),
        ({"kind": Kind.CHOICE, "choices": ("One",)}, "Enter at least two choices."),
        ({"kind": Kind.CHOICE, "choices": ("A", "a")}, "Each choice needs its own label."),
        ({"kind": Kind.SWITCH}, "The values of this kind are 0 to 1."),
    ],
)
def test_a_type_that_makes_no_sense_is_rejected(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ValueType(**{**vars(DAYS), **changes}).require_sense()
    assert caught.value.messages == [sentence]

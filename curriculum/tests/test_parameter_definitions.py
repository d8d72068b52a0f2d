from __future__ import annotations

import logging
from dataclasses import replace
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.tests.people import course
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange
from curriculum.parameter_definitions import WINDOW_FACTOR
from curriculum.parameters import DECLARED
from curriculum.tests.patience import KEY, PATIENCE

pytestmark = pytest.mark.django_db

MEASUREMENT_SETTINGS = [
    "completion.window-factor",
    "depth.weight.interaction-rate",
    "depth.weight.quiz-participation",
    "depth.weight.video-watch",
    "enrollment.refund-cutoff",
    "outcomes.mastery",
    "velocity.on-pace",
]


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Parameter:
    monkeypatch.setitem(DECLARED, KEY, PATIENCE)
    parameters.create_missing()
    return Parameter.objects.get(key=KEY)


@pytest.fixture
def window() -> Parameter:
    return Parameter.objects.get(key=WINDOW_FACTOR)


def declared_anew(monkeypatch: pytest.MonkeyPatch, **fields: object) -> Parameter:
    monkeypatch.setitem(DECLARED, KEY, replace(PATIENCE, **fields))  # type: ignore[arg-type]
    parameters.follow_declarations()
    return Parameter.objects.site_wide().get(key=KEY)


def test_measurement_settings_say_what_they_redefine() -> None:
    rows = Parameter.objects.filter(role=Parameter.Role.MEASUREMENT)

    assert sorted(rows.values_list("key", flat=True)) == MEASUREMENT_SETTINGS
    assert all(DECLARED[key].redefines for key in MEASUREMENT_SETTINGS)


@pytest.mark.parametrize("default", ["0", "11", "3.5"])
def test_the_bounds_must_allow_the_default(default: str) -> None:
    with pytest.raises(ValueError, match=r"bounds of parameter test\.patience do not allow"):
        replace(PATIENCE, default=Decimal(default))


def test_the_step_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"step of parameter test\.patience must be positive"):
        replace(PATIENCE, step=Decimal(0))


def test_a_measurement_setting_cannot_be_proposed(window: Parameter) -> None:
    with pytest.raises(ValidationError, match="Completion window is a measurement setting"):
        parameters.propose(window, Decimal(2), reason="It would look better.")
    assert not ParameterChange.objects.exists()


def test_an_earlier_proposal_of_a_measurement_setting_cannot_be_applied(
    window: Parameter, patience: Parameter
) -> None:
    change = parameters.propose(patience, Decimal(2), reason="Holidays.")
    ParameterChange.objects.filter(pk=change.pk).update(parameter=window)
    change.refresh_from_db()

    with pytest.raises(ValidationError, match="is a measurement setting"):
        parameters.apply(change)
    parameters.reject(change)


def test_staff_can_set_a_measurement_setting(window: Parameter) -> None:
    parameters.set_value(window, Decimal(2), reason="Holidays.")

    assert parameters.current_value(WINDOW_FACTOR) == 2


def test_a_value_between_two_steps_is_rejected_with_the_nearest_ones(window: Parameter) -> None:
    sentence = r"changes in steps of 0\.1: 1\.5 or 1\.6, not 1\.55"
    with pytest.raises(ValidationError, match=sentence):
        parameters.set_value(window, Decimal("1.55"), reason="In between.")


@pytest.mark.parametrize("value", ["1.55", "1.5001", "2.0999"])
def test_the_database_rejects_a_value_between_two_steps(window: Parameter, value: str) -> None:
    with pytest.raises(IntegrityError, match="parameter_value_is_on_a_step"), transaction.atomic():
        Parameter.objects.filter(pk=window.pk).update(value=Decimal(value))


def test_the_database_accepts_every_step(window: Parameter) -> None:
    for tenths in range(10, 31):
        Parameter.objects.filter(pk=window.pk).update(value=Decimal(tenths) / 10)


@pytest.mark.usefixtures("patience")
def test_rows_follow_the_declaration(monkeypatch: pytest.MonkeyPatch) -> None:
    own = parameters.parameter_for(KEY, course=course())
    row = declared_anew(monkeypatch, name="Endurance", maximum=Decimal(20), unit="days")
    own.refresh_from_db()

    assert (row.name, row.maximum, row.unit) == ("Endurance", Decimal(20), "days")
    assert (own.name, own.maximum, own.unit) == ("Endurance", Decimal(20), "days")
    with pytest.raises(ValidationError, match="Endurance must be between 1 and 20, not 21"):
        parameters.set_value(row, Decimal(21), reason="Far.")


def test_a_value_out_of_the_new_bounds_stays_and_is_reported(
    patience: Parameter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    parameters.set_value(patience, Decimal(9), reason="Longer.")
    with caplog.at_level(logging.WARNING):
        row = declared_anew(monkeypatch, name="Endurance", maximum=Decimal(5))

    assert parameters.current_value(KEY) == 9
    assert (row.name, row.maximum) == ("Endurance", Decimal(10))
    assert "Endurance (whole site) is 9, which its new bounds do not allow" in caplog.text


def test_only_an_allowed_value_replaces_one_out_of_the_new_bounds(
    patience: Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters.set_value(patience, Decimal(9), reason="Longer.")
    row = declared_anew(monkeypatch, maximum=Decimal(5))
    with pytest.raises(ValidationError, match="must be between 1 and 5, not 8"):
        parameters.set_value(row, Decimal(8), reason="Shorter.")
    parameters.set_value(row, Decimal(4), reason="Shorter.")

    assert (row.value, row.maximum) == (Decimal(4), Decimal(5))


def test_new_bounds_apply_in_code_before_the_rows_follow(
    patience: Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DECLARED, KEY, replace(PATIENCE, maximum=Decimal(20)))
    parameters.set_value(patience, Decimal(15), reason="Longer.")

    assert parameters.current_value(KEY) == 15


def test_a_parameter_without_a_declaration_stays_readable(
    patience: Parameter, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters.set_value(patience, Decimal(5), reason="Longer.")
    monkeypatch.delitem(DECLARED, KEY)
    parameters.follow_declarations()

    assert parameters.current_value(KEY) == 5
    assert str(ParameterChange.objects.get()) == "test.patience: 3 → 5"
    with pytest.raises(ValidationError, match="Patience is no longer used"):
        parameters.set_value(patience, Decimal(6), reason="Longer still.")
    with pytest.raises(ValidationError, match="Patience is no longer used"):
        parameters.propose(patience, Decimal(6), reason="Longer still.")


def test_an_own_value_from_before_the_history_still_applies() -> None:
    own = parameters.parameter_for(WINDOW_FACTOR, course=course())
    Parameter.objects.filter(pk=own.pk).update(value=2)
    import_module("curriculum.migrations.0003_explain_stored_values").explain(apps, None)

    assert parameters.current_value(WINDOW_FACTOR, course=own.course) == 2
    assert parameters.current_value(WINDOW_FACTOR) == Decimal("1.5")


def test_a_parameter_has_values_only_where_they_are_read(window: Parameter) -> None:
    module = course(modules=1).modules.get()

    with pytest.raises(ValidationError, match="Completion window cannot have a value of its own"):
        parameters.parameter_for(WINDOW_FACTOR, module=module)

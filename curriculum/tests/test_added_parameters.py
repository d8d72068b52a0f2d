from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.tests.people import account, course
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from curriculum.parameters import ParameterDefinition, UnknownParameterError
from curriculum.signals import parameter_changed

pytestmark = pytest.mark.django_db

KEY = "coach.calls"
CALLS = ParameterDefinition(
    key=KEY,
    name="Coaching calls",
    help="Calls per month.",
    role=Parameter.Role.CURRICULUM,
    default=Decimal(2),
    minimum=Decimal(0),
    maximum=Decimal(8),
    step=Decimal(1),
    unit="per month",
    scopes=("course", "run"),
    is_added=True,
)


def added() -> Parameter:
    return parameters.add(CALLS, reason="Coaches are new.", by=account("Ada"))


def test_staff_add_a_parameter_with_a_history() -> None:
    row = added()
    change = row.changes.get()

    assert parameters.current_value(KEY) == 2
    assert str(change) == "coach.calls: 2 → 2 per month"
    assert (change.reason, str(change.decided_by)) == ("Coaches are new.", "Ada")


def test_an_added_parameter_is_used_like_a_declared_one() -> None:
    added()
    python = course("py")
    own = parameters.parameter_for(KEY, course=python)
    parameters.apply(parameters.propose(own, Decimal(4), reason="Hard."))

    assert parameters.current_value(KEY, course=python) == 4
    assert parameters.current_value(KEY) == 2
    assert parameters.definition_of(KEY).written(Decimal(4)) == "4 per month"
    with pytest.raises(ValidationError, match="Coaching calls must be between 0 and 8, not 9"):
        parameters.set_value(own, Decimal(9), reason="Far.")


def test_an_added_parameter_has_values_only_in_its_scopes() -> None:
    added()
    module = course(modules=1).modules.get()

    with pytest.raises(ValidationError, match="cannot have a value of its own there"):
        parameters.parameter_for(KEY, module=module)


def test_an_unknown_key_is_a_clear_error() -> None:
    with pytest.raises(UnknownParameterError, match=r"There is no parameter test\.nothing\."):
        parameters.definition_of("test.nothing")


def test_definitions_take_one_query_at_most(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    added()
    with django_assert_num_queries(0):
        parameters.load([WINDOW_FACTOR, REFUND_CUTOFF])
    with django_assert_num_queries(1):
        assert parameters.load([WINDOW_FACTOR, KEY]).keys() == {WINDOW_FACTOR, KEY}


@pytest.mark.parametrize("key", ["coach", "Coach.calls", "coach calls", "coach.", ""])
def test_a_key_has_a_form(key: str) -> None:
    with pytest.raises(ValidationError, match=r"such as coach\.calls"):
        parameters.add(replace(CALLS, key=key), reason="Odd.")


@pytest.mark.parametrize("key", [KEY, WINDOW_FACTOR])
def test_a_key_is_used_once(key: str) -> None:
    added()

    with pytest.raises(ValidationError, match="There is already a parameter"):
        parameters.add(replace(CALLS, key=key), reason="Again.")
    assert ParameterChange.objects.count() == 1


def test_a_retired_parameter_keeps_its_history_and_changes_no_more() -> None:
    row = added()
    waiting = parameters.propose(row, Decimal(3), reason="More.")
    parameters.retire(KEY)
    row.refresh_from_db()
    waiting.refresh_from_db()

    assert waiting.status == "rejected"
    assert KEY not in parameters.load_all()
    assert parameters.current_value(KEY) == 2
    with pytest.raises(ValidationError, match="Coaching calls is no longer used"):
        parameters.set_value(row, Decimal(4), reason="Late.")
    parameters.restore(KEY)
    assert KEY in parameters.load_all()


def test_a_parameter_of_the_product_cannot_be_retired() -> None:
    with pytest.raises(ValidationError, match="is part of the product"):
        parameters.retire(WINDOW_FACTOR)


def test_a_measurement_setting_cannot_be_added() -> None:
    row = added()
    with pytest.raises(IntegrityError, match="only_curriculum_parameters"), transaction.atomic():
        Parameter.objects.filter(pk=row.pk).update(role="measurement")


@pytest.mark.parametrize("value", ["9", "-1", "2.5"])
def test_the_database_rejects_a_change_that_is_not_allowed(value: str) -> None:
    change = added().changes.get()

    with pytest.raises(IntegrityError, match="change_"), transaction.atomic():
        ParameterChange.objects.filter(pk=change.pk).update(new_value=Decimal(value))


def test_every_change_is_announced_in_its_transaction() -> None:
    heard: list[tuple[str, bool]] = []

    def hear(change: ParameterChange, **_: object) -> None:
        is_in_transaction = transaction.get_connection().in_atomic_block
        heard.append((f"{change} {change.status}", is_in_transaction))

    parameter_changed.connect(hear)
    row = added()
    parameters.set_value(row, Decimal(3), reason="More.")
    parameters.apply(parameters.propose(row, Decimal(4), reason="More."))
    parameters.reject(parameters.propose(row, Decimal(5), reason="More."))
    parameters.revert(row.changes.in_effective_order().last(), reason="Harm.")  # type: ignore[arg-type]
    parameter_changed.disconnect(hear)

    assert heard == [
        ("coach.calls: 2 → 2 per month applied", True),
        ("coach.calls: 2 → 3 per month applied", True),
        ("coach.calls: 3 → 4 per month applied", True),
        ("coach.calls: 4 → 3 per month applied", True),
    ]


def test_the_announced_revert_names_what_it_reverts() -> None:
    heard: list[ParameterChange | None] = []
    row = added()
    change = parameters.set_value(row, Decimal(3), reason="More.")
    assert change is not None

    def hear(change: ParameterChange, **_: object) -> None:
        heard.append(change.reverts)

    parameter_changed.connect(hear)
    parameters.revert(change, reason="Harm.")
    parameter_changed.disconnect(hear)

    assert heard == [change]


def test_planned_days_come_from_the_structure_until_a_module_has_its_own() -> None:
    first, second = course(modules=2).modules.all()
    now = timezone.now

    def planned() -> list[Decimal]:
        at = now()
        return [
            parameters.effective(["module.planned-days"], at=at, module=one)["module.planned-days"]
            for one in (first, second)
        ]

    assert planned() == [first.planned_days, second.planned_days]
    own = parameters.parameter_for("module.planned-days", module=first)
    parameters.set_value(own, Decimal(20), reason="Hard.")
    assert planned() == [20, second.planned_days]


def test_planned_days_out_of_the_bounds_stay_until_they_are_changed() -> None:
    module = course(modules=1).modules.get()
    module.planned_days = 120
    module.save()
    own = parameters.parameter_for("module.planned-days", module=module)

    assert parameters.value_in_force(own, timezone.now()) == 120
    change = parameters.propose(own, Decimal(80), reason="Shorter.")
    assert str(change) == "module.planned-days: 120 → 80 days"
    parameters.apply(change)
    assert str(change) == "module.planned-days: 120 → 80 days"


def test_planned_days_have_no_value_for_the_site() -> None:
    with pytest.raises(ValidationError, match="has no value for the whole site"):
        parameters.parameter_for("module.planned-days")

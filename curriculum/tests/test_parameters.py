from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.tests.people import account, course
from curriculum import parameters
from curriculum.models import Parameter, ParameterChange
from curriculum.parameters import DECLARED, ParameterDefinition, ParameterHistory

pytestmark = pytest.mark.django_db

KEY = "test.patience"


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    one = ParameterDefinition(
        key=KEY,
        name="Patience",
        help="How long.",
        default=Decimal(3),
        minimum=Decimal(1),
        maximum=Decimal(10),
        step=Decimal(1),
        is_whole=True,
    )
    monkeypatch.setitem(DECLARED, KEY, one)


@pytest.fixture
def dial() -> Parameter:
    parameters.create_missing()
    return Parameter.objects.get(key=KEY)


def stands_at(dial: Parameter) -> Decimal:
    return Parameter.objects.get(pk=dial.pk).value


def test_a_key_cannot_be_declared_twice() -> None:
    with pytest.raises(ValueError, match=r"Dial test\.patience is declared twice"):
        parameters.declare(ParameterDefinition(**{**vars(DECLARED[KEY]), "name": "Other"}))


def test_a_declared_dial_gets_its_row_once(dial: Parameter) -> None:
    parameters.create_missing()

    assert Parameter.objects.filter(key=KEY).count() == 1
    assert dial.value == 3


def test_a_dial_that_was_turned_keeps_its_value(dial: Parameter) -> None:
    parameters.set_value(dial, Decimal(5), reason="Longer.")
    parameters.create_missing()

    assert stands_at(dial) == 5


def test_without_a_row_the_default_holds() -> None:
    assert parameters.value(KEY) == 3


def test_a_key_that_nobody_declares_is_an_error() -> None:
    with pytest.raises(KeyError):
        parameters.value("test.nothing")


def test_a_turn_moves_the_dial_and_is_remembered(dial: Parameter) -> None:
    ada = account("Ada")
    change = parameters.set_value(dial, Decimal(5), reason="Longer.", by=ada)

    assert stands_at(dial) == dial.value == 5
    assert change is not None
    assert change.status == "applied"
    assert str(change) == "test.patience: 3 → 5"
    assert (change.reason, change.proposed_by, change.decided_by) == ("Longer.", ada, ada)


def test_turning_to_where_it_stands_leaves_no_trace(dial: Parameter) -> None:
    assert parameters.set_value(dial, Decimal(3), reason="None.") is None
    assert not dial.changes.exists()


def test_a_turn_goes_by_what_stands_and_not_by_what_was_loaded(dial: Parameter) -> None:
    stale = Parameter.objects.get(pk=dial.pk)
    parameters.set_value(dial, Decimal(5), reason="Longer.")
    back = parameters.set_value(stale, Decimal(3), reason="Shorter.")

    assert back is not None
    assert str(back) == "test.patience: 5 → 3"
    assert stands_at(dial) == 3


@pytest.mark.parametrize("value", ["0", "11", "-1"])
def test_a_turn_past_the_stop_is_refused(dial: Parameter, value: str) -> None:
    with pytest.raises(ValidationError, match="Patience goes from 1 to 10"):
        parameters.set_value(dial, Decimal(value), reason="Far.")
    assert stands_at(dial) == 3


def test_a_dial_of_whole_numbers_refuses_others(dial: Parameter) -> None:
    with pytest.raises(ValidationError, match=r"whole numbers; 2\.5 is not one"):
        parameters.set_value(dial, Decimal("2.5"), reason="Half.")


def test_the_database_keeps_the_dial_within_its_bounds(dial: Parameter) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Parameter.objects.filter(pk=dial.pk).update(value=11)


def test_a_proposal_moves_nothing_until_it_is_applied(dial: Parameter) -> None:
    change = parameters.propose(dial, Decimal(5), reason="Longer.")
    assert stands_at(dial) == 3

    parameters.apply(change)

    assert stands_at(dial) == 5
    assert change.status == "applied"


def test_a_rejected_proposal_moves_nothing(dial: Parameter) -> None:
    bo = account("Bo")
    change = parameters.propose(dial, Decimal(5), reason="Longer.")
    parameters.reject(change, by=bo)

    assert stands_at(dial) == 3
    assert (change.status, change.decided_by) == ("rejected", bo)


def test_a_proposal_is_decided_once(dial: Parameter) -> None:
    change = parameters.propose(dial, Decimal(5), reason="Longer.")
    parameters.reject(change)

    with pytest.raises(ValidationError, match="decided already"):
        parameters.apply(change)
    assert stands_at(dial) == 3


def test_a_dial_has_one_open_proposal(dial: Parameter) -> None:
    parameters.propose(dial, Decimal(5), reason="Longer.")

    with pytest.raises(ValidationError, match="Patience has an open proposal"):
        parameters.propose(dial, Decimal(6), reason="Longer still.")


def test_a_turn_rejects_the_proposal_that_waited(dial: Parameter) -> None:
    waiting = parameters.propose(dial, Decimal(5), reason="Longer.")
    parameters.set_value(dial, Decimal(2), reason="Shorter.")
    waiting.refresh_from_db()

    assert waiting.status == "rejected"
    assert stands_at(dial) == 2


def test_a_refused_turn_leaves_the_proposal_waiting(dial: Parameter) -> None:
    waiting = parameters.propose(dial, Decimal(5), reason="Longer.")
    with pytest.raises(ValidationError):
        parameters.set_value(dial, Decimal(99), reason="Far.")
    waiting.refresh_from_db()

    assert waiting.status == "proposed"


def test_an_applied_proposal_notes_what_the_dial_was_then(dial: Parameter) -> None:
    change = parameters.propose(dial, Decimal(5), reason="Longer.")
    Parameter.objects.filter(pk=dial.pk).update(value=4)
    parameters.apply(change)

    assert change.old_value == 4


def test_a_revert_turns_back_and_both_turns_stay(dial: Parameter) -> None:
    change = parameters.set_value(dial, Decimal(5), reason="Longer.")
    assert change is not None
    parameters.revert(change, reason="It did harm.")
    back = dial.changes.get(reverts=change)

    assert stands_at(dial) == 3
    assert change.status == "reverted"
    assert back.status == "applied"
    assert str(back) == "test.patience: 5 → 3"


def test_a_change_is_reverted_once(dial: Parameter) -> None:
    change = parameters.set_value(dial, Decimal(5), reason="Longer.")
    assert change is not None
    parameters.revert(ParameterChange.objects.get(pk=change.pk), reason="Harm.")

    with pytest.raises(ValidationError, match="Only an applied change"):
        parameters.revert(change, reason="Harm again.")
    assert dial.changes.count() == 2


def test_a_course_has_its_own_dial_where_it_was_given_one(dial: Parameter) -> None:
    python, sql = course("py"), course("sql")
    parameters.set_value(parameters.scope_to(KEY, course=python), Decimal(7), reason="Long course.")

    assert parameters.value(KEY, course=python) == 7
    assert parameters.value(KEY, course=sql) == 3
    assert parameters.value(KEY) == 3


def test_a_courses_own_dial_begins_where_the_general_one_stands(dial: Parameter) -> None:
    parameters.set_value(dial, Decimal(5), reason="Longer.")
    own = parameters.scope_to(KEY, course=course())

    assert own.value == 5
    assert parameters.scope_to(KEY, course=own.course) == own


def test_the_history_answers_what_the_dial_stood_at(dial: Parameter) -> None:
    now = timezone.now()
    first = parameters.set_value(dial, Decimal(5), reason="Longer.")
    second = parameters.set_value(dial, Decimal(6), reason="Longer still.")
    for change, days in ((first, 20), (second, 10)):
        assert change is not None
        change.decided_at = now - timedelta(days=days)
        change.save()
    asked = ParameterHistory([KEY])

    # turned from 3 to 5 twenty days ago and to 6 ten days ago
    assert [asked.value(KEY, now - timedelta(days=ago)) for ago in (30, 15, 5)] == [3, 5, 6]


def test_a_reverted_turn_still_held_while_it_held(dial: Parameter) -> None:
    now = timezone.now()
    change = parameters.set_value(dial, Decimal(5), reason="Longer.")
    assert change is not None
    ParameterChange.objects.filter(pk=change.pk).update(decided_at=now - timedelta(days=20))
    parameters.revert(change, reason="Harm.")
    asked = ParameterHistory([KEY])

    assert asked.value(KEY, now - timedelta(days=10)) == 5
    assert asked.value(KEY, timezone.now()) == 3

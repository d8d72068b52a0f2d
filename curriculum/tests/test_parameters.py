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
from curriculum.tests.patience import KEY, PATIENCE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DECLARED, KEY, PATIENCE)


@pytest.fixture
def parameter() -> Parameter:
    parameters.create_missing()
    return Parameter.objects.get(key=KEY)


def stored_value(parameter: Parameter) -> Decimal:
    return Parameter.objects.get(pk=parameter.pk).value


def test_a_key_cannot_be_declared_twice() -> None:
    with pytest.raises(ValueError, match=r"Parameter test\.patience is registered twice"):
        parameters.declare(ParameterDefinition(**{**vars(DECLARED[KEY]), "name": "Other"}))


def test_a_declared_parameter_gets_one_row(parameter: Parameter) -> None:
    parameters.create_missing()

    assert Parameter.objects.filter(key=KEY).count() == 1
    assert parameter.value == 3


def test_a_changed_parameter_keeps_its_value(parameter: Parameter) -> None:
    parameters.set_value(parameter, Decimal(5), reason="Longer.")
    parameters.create_missing()

    assert stored_value(parameter) == 5


def test_without_a_row_the_default_applies() -> None:
    assert parameters.current_value(KEY) == 3


def test_an_undeclared_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        parameters.current_value("test.nothing")


def test_a_change_sets_the_value_and_is_recorded(parameter: Parameter) -> None:
    ada = account("Ada")
    change = parameters.set_value(parameter, Decimal(5), reason="Longer.", by=ada)

    assert stored_value(parameter) == parameter.value == 5
    assert change is not None
    assert change.status == "applied"
    assert str(change) == "test.patience: 3 → 5"
    assert (change.reason, change.proposed_by, change.decided_by) == ("Longer.", ada, ada)


def test_setting_the_current_value_records_nothing(parameter: Parameter) -> None:
    assert parameters.set_value(parameter, Decimal(3), reason="None.") is None
    assert not parameter.changes.exists()


def test_a_change_ignores_an_outdated_copy(
    parameter: Parameter,
) -> None:
    stale = Parameter.objects.get(pk=parameter.pk)
    parameters.set_value(parameter, Decimal(5), reason="Longer.")
    back = parameters.set_value(stale, Decimal(3), reason="Shorter.")

    assert back is not None
    assert str(back) == "test.patience: 5 → 3"
    assert stored_value(parameter) == 3


@pytest.mark.parametrize("value", ["0", "11", "-1"])
def test_a_value_out_of_bounds_is_rejected(parameter: Parameter, value: str) -> None:
    with pytest.raises(ValidationError, match="Patience must be between 1 and 10"):
        parameters.set_value(parameter, Decimal(value), reason="Far.")
    assert stored_value(parameter) == 3


def test_a_parameter_of_whole_numbers_rejects_others(parameter: Parameter) -> None:
    with pytest.raises(ValidationError, match=r"must be a whole number, not 2\.5"):
        parameters.set_value(parameter, Decimal("2.5"), reason="Half.")


def test_the_database_keeps_the_value_within_bounds(parameter: Parameter) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Parameter.objects.filter(pk=parameter.pk).update(value=11)


def test_a_proposal_has_no_effect_until_it_is_applied(parameter: Parameter) -> None:
    change = parameters.propose(parameter, Decimal(5), reason="Longer.")
    assert stored_value(parameter) == 3

    parameters.apply(change)

    assert stored_value(parameter) == 5
    assert change.status == "applied"


def test_a_rejected_proposal_has_no_effect(parameter: Parameter) -> None:
    bo = account("Bo")
    change = parameters.propose(parameter, Decimal(5), reason="Longer.")
    parameters.reject(change, by=bo)

    assert stored_value(parameter) == 3
    assert (change.status, change.decided_by) == ("rejected", bo)


def test_a_proposal_is_decided_once(parameter: Parameter) -> None:
    change = parameters.propose(parameter, Decimal(5), reason="Longer.")
    parameters.reject(change)

    with pytest.raises(ValidationError, match="already approved or rejected"):
        parameters.apply(change)
    assert stored_value(parameter) == 3


def test_a_parameter_has_one_open_proposal(parameter: Parameter) -> None:
    parameters.propose(parameter, Decimal(5), reason="Longer.")

    with pytest.raises(ValidationError, match="Patience has an open proposal"):
        parameters.propose(parameter, Decimal(6), reason="Longer still.")


def test_a_change_rejects_the_open_proposal(parameter: Parameter) -> None:
    waiting = parameters.propose(parameter, Decimal(5), reason="Longer.")
    parameters.set_value(parameter, Decimal(2), reason="Shorter.")
    waiting.refresh_from_db()

    assert waiting.status == "rejected"
    assert stored_value(parameter) == 2


def test_a_rejected_value_leaves_the_proposal_open(parameter: Parameter) -> None:
    waiting = parameters.propose(parameter, Decimal(5), reason="Longer.")
    with pytest.raises(ValidationError):
        parameters.set_value(parameter, Decimal(99), reason="Far.")
    waiting.refresh_from_db()

    assert waiting.status == "proposed"


def test_an_applied_proposal_records_the_value_it_replaced(parameter: Parameter) -> None:
    change = parameters.propose(parameter, Decimal(5), reason="Longer.")
    Parameter.objects.filter(pk=parameter.pk).update(value=4)
    parameters.apply(change)

    assert change.old_value == 4


def test_a_revert_restores_the_value_and_keeps_both_changes(parameter: Parameter) -> None:
    change = parameters.set_value(parameter, Decimal(5), reason="Longer.")
    assert change is not None
    parameters.revert(change, reason="It did harm.")
    back = parameter.changes.get(reverts=change)

    assert stored_value(parameter) == 3
    assert change.status == "reverted"
    assert back.status == "applied"
    assert str(back) == "test.patience: 5 → 3"


def test_a_change_is_reverted_only_once(parameter: Parameter) -> None:
    change = parameters.set_value(parameter, Decimal(5), reason="Longer.")
    assert change is not None
    parameters.revert(ParameterChange.objects.get(pk=change.pk), reason="Harm.")

    with pytest.raises(ValidationError, match="Only an applied change"):
        parameters.revert(change, reason="Harm again.")
    assert parameter.changes.count() == 2


def test_a_course_can_have_a_value_of_its_own(parameter: Parameter) -> None:
    python, sql = course("py"), course("sql")
    parameters.set_value(
        parameters.parameter_for(KEY, course=python), Decimal(7), reason="Long course."
    )

    assert parameters.current_value(KEY, course=python) == 7
    assert parameters.current_value(KEY, course=sql) == 3
    assert parameters.current_value(KEY) == 3


def test_a_course_s_own_parameter_starts_with_the_site_s_value(parameter: Parameter) -> None:
    parameters.set_value(parameter, Decimal(5), reason="Longer.")
    own = parameters.parameter_for(KEY, course=course())

    assert own.value == 5
    assert parameters.parameter_for(KEY, course=own.course) == own


def test_the_history_returns_the_value_at_a_moment(parameter: Parameter) -> None:
    now = timezone.now()
    first = parameters.set_value(parameter, Decimal(5), reason="Longer.")
    second = parameters.set_value(parameter, Decimal(6), reason="Longer still.")
    for change, days in ((first, 20), (second, 10)):
        assert change is not None
        change.decided_at = now - timedelta(days=days)
        change.save()
    history = ParameterHistory([KEY])

    # changed from 3 to 5 twenty days ago and to 6 ten days ago
    assert [history.value(KEY, now - timedelta(days=ago)) for ago in (30, 15, 5)] == [3, 5, 6]


def test_a_reverted_change_still_applies_before_the_revert(
    parameter: Parameter,
) -> None:
    now = timezone.now()
    change = parameters.set_value(parameter, Decimal(5), reason="Longer.")
    assert change is not None
    ParameterChange.objects.filter(pk=change.pk).update(decided_at=now - timedelta(days=20))
    parameters.revert(change, reason="Harm.")
    history = ParameterHistory([KEY])

    assert history.value(KEY, now - timedelta(days=10)) == 5
    assert history.value(KEY, timezone.now()) == 3

from __future__ import annotations

import pytest

from xapi.tests.lrs import SAW, Store, reference, statement, uuid, voiding


def test_a_voided_statement_is_read_only_as_such(store: Store) -> None:
    store.post(statement(1))
    assert store.post(voiding(2, of=1)).status_code == 200

    assert store.get(statementId=uuid(1)).status_code == 404
    assert store.get(voidedStatementId=uuid(1)).json()["id"] == uuid(1)
    assert store.get(voidedStatementId=uuid(2)).status_code == 404
    # what voids is found by what it voids
    assert store.found(verb=SAW["id"]) == [2]


def test_a_statement_may_be_voided_before_it_comes(store: Store) -> None:
    store.post(voiding(2, of=1))
    store.post(statement(1))

    assert store.found() == [2]


def test_a_statement_may_be_voided_in_its_own_batch(store: Store) -> None:
    store.post(voiding(2, of=1), statement(1))

    assert store.found() == [2]


def test_what_voids_cannot_be_voided(store: Store) -> None:
    store.post(statement(1), voiding(2, of=1))
    answer = store.post(voiding(3, of=2))

    assert answer.status_code == 400
    assert answer.json()["field"] == "statements[0].object.id"
    assert store.found() == [2]


def test_what_voids_is_not_voided_by_what_came_before(store: Store) -> None:
    store.post(voiding(3, of=2))
    store.post(statement(1), voiding(2, of=1))

    assert store.found() == [2, 3]


@pytest.mark.django_db
def test_only_a_key_for_everything_voids_what_others_sent() -> None:
    theirs, mine = Store("theirs", "xapi:write"), Store("mine", "xapi:write")
    everything = Store("everything")
    theirs.post(statement(1))

    assert mine.post(voiding(2, of=1)).status_code == 403
    assert everything.found() == [1]
    assert everything.post(voiding(3, of=1)).status_code == 200
    assert everything.found() == [3]


def test_statements_about_each_other_end_somewhere(store: Store) -> None:
    store.post(statement(1, object=reference(3)))
    store.post(statement(2, object=reference(1)), statement(3, object=reference(2)))
    store.post(statement(4, object=reference(4)))

    assert store.found(verb=SAW["id"]) == [4, 3, 2, 1]

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from xapi.models import RefusedStatement, SenderRules, Statement
from xapi.tests.lrs import BO, HEARD, PAGE, SAW, Store, statement, uuid

GROUP = PAGE | {"objectType": "GroupActivity"}


def lenient(store: Store, **rules: bool) -> SenderRules:
    return SenderRules.objects.update_or_create(key=store.key, defaults=rules)[0]


def test_an_equal_statement_counts_once(store: Store) -> None:
    sent = statement(
        1, result={"duration": "PT1.2345S"}, context={"contextActivities": {"other": PAGE}}
    )
    respelled = sent | {
        "verb": SAW | {"display": {"en": "saw"}},
        "result": {"duration": "PT1.2399S"},
        "context": {"contextActivities": {"other": [PAGE]}},
    }
    store.post(sent)

    assert store.post(respelled, statement(2)).json() == [uuid(1), uuid(2)]
    assert Statement.objects.count() == 2


def test_an_equal_statement_of_another_sender_counts_once(store: Store) -> None:
    store.post(statement(1))

    assert Store("other").put(1, statement()).status_code == 204
    assert Statement.objects.get().sender == "tool"


def test_a_clash_refuses_its_batch_and_nothing_is_lost(store: Store) -> None:
    store.post(statement(1))
    for _ in range(2):
        answer = store.post(statement(2), statement(1, verb=HEARD), statement(1))

        assert answer.status_code == 400
    for _ in range(2):
        answer = store.post(statement(2), statement(1, verb=HEARD))

        assert answer.status_code == 409
        assert answer.json()["detail"] == (
            'statements[1].id: another statement is stored under this id; "verb" differs.'
        )
    kept = RefusedStatement.objects.order_by("statement_id")
    assert [(one.statement_id.int, one.is_clash) for one in kept] == [(1, True), (2, False)]
    assert store.found() == [1]


def test_a_clash_is_let_in_under_an_id_of_its_own(store: Store) -> None:
    rules = lenient(store, gives_own_ids=True)
    store.post(statement(1))
    batch = [statement(2), statement(1, verb=HEARD), statement(1), statement(1, actor=BO)]
    first = store.post(*batch).json()

    assert store.post(*batch).json() == first
    assert (first[0], first[2]) == (uuid(2), uuid(1))
    assert len({*first}) == 4
    assert store.get(statementId=first[1]).json()["id"] == first[1]
    assert Statement.objects.get(uuid=first[1]).sent_id == UUID(uuid(1))
    rules.refresh_from_db()
    assert (Statement.objects.count(), rules.own_ids_given) == (4, 2)


def test_what_was_refused_and_comes_again_is_resolved(store: Store) -> None:
    store.post(statement(1))
    batch = [statement(2), statement(1, verb=HEARD)]
    store.post(*batch)
    lenient(store, gives_own_ids=True)
    store.post(*batch)

    assert not RefusedStatement.objects.filter(resolved_at=None).exists()


def test_two_that_clash_in_one_batch_are_both_let_in(store: Store) -> None:
    lenient(store, gives_own_ids=True)
    answer = store.post(statement(1), statement(1, verb=HEARD), statement(1))

    ids = answer.json()
    assert (len({*ids}), ids[0]) == (2, ids[2])


def test_group_activities_are_accepted_by_leniency_and_counted(store: Store) -> None:
    assert store.post(statement(1, object=GROUP)).status_code == 400
    rules = lenient(store, allows_group_activities=True)

    assert store.post(statement(1, object=GROUP), statement(2)).status_code == 200
    assert store.found(activity=PAGE["id"]) == [2, 1]
    rules.refresh_from_db()
    assert rules.group_activities_taken == 1


def test_staff_let_refused_statements_in(store: Store, client: Client) -> None:
    store.post(statement(1))
    store.post(statement(2), statement(1, verb=HEARD))
    client.force_login(User.objects.create_superuser("staff@example.com", "secret"))
    chosen = {
        "action": "let_selected_in",
        "_selected_action": list(RefusedStatement.objects.values_list("pk", flat=True)),
        "confirmed": "yes",
    }
    page = "/admin/xapi/refusedstatement/"
    refused = client.post(page, chosen, follow=True).content.decode()

    assert "was refused again" in refused
    assert store.found() == [2, 1]
    lenient(store, gives_own_ids=True)
    client.post(page, chosen)
    assert Statement.objects.count() == 3
    assert not RefusedStatement.objects.filter(resolved_at=None).exists()


@pytest.mark.django_db
def test_the_admin_shows_what_is_stored() -> None:
    store, client = Store(), Client()
    rules = lenient(store, gives_own_ids=True)
    client.force_login(User.objects.create_superuser("staff@example.com", "secret"))
    store.post(statement(1))
    pages = [
        "/admin/xapi/statement/",
        f"/admin/xapi/statement/{Statement.objects.get().pk}/change/",
        f"/admin/xapi/senderrules/{rules.pk}/change/",
        "/admin/xapi/state/",
    ]

    assert [client.get(page).status_code for page in pages] == [200] * 4
    assert "mailto:ada@example.com" in client.get(pages[1]).content.decode()

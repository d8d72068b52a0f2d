from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation, User
from accounts.reader import Reader
from accounts.sign_in import invitations, password_links
from accounts.tests.admin_pages import staff
from accounts.tests.people import account, course, learner, run_of
from accounts.tests.test_password_links import NEW, mailed_link, set_by

pytestmark = pytest.mark.django_db

ADD, LIST = "/admin/accounts/invitation/add/", "/admin/accounts/invitation/"
EVE = "eve@example.com"


def delivered(client: Client, path: str, data: dict[str, Any]) -> Any:
    """Post a form, and run the queued tasks at once."""
    with mock.patch("accounts.sign_in.invitations.current_app.send_task") as queued:
        response = client.post(path, data)
    for call in queued.call_args_list:
        invitations.mail_invitation(*call.kwargs["args"])
    return response


def invite(client: Client, role: str = "manager", **fields: Any) -> Any:
    return delivered(client, ADD, {"email": EVE, "name": "Eve", "role": role, **fields})


def act(client: Client, action: str) -> Any:
    chosen = list(Invitation.objects.values_list("pk", flat=True))
    return delivered(client, LIST, {"action": action, "_selected_action": chosen})


def eve() -> User:
    return User.objects.get(email=EVE)


def works(link: str) -> bool:
    return bool(Client().get(link, follow=True).context["validlink"])


def test_an_invited_manager_chooses_a_password_and_sees_the_grants(
    ada: User, client: Client
) -> None:
    py, run = course("py"), run_of(course("db"), "spring")
    invite(client, courses=[py.pk], runs=[run.pk])
    assert not eve().has_usable_password()
    set_by(mailed_link())
    reader = Reader.of(eve())

    assert eve().check_password(NEW)
    assert (list(reader.courses()), set(reader.runs())) == ([py], {run})
    assert Invitation.objects.get().state == "accepted"
    assert Invitation.objects.get().invited_by == ada


def test_an_invited_learner_gets_their_own_learner(ada: User, client: Client) -> None:
    bo = learner("Bo")
    invite(client, "learner", learner="bo")
    bo.refresh_from_db()

    assert bo.user == eve()


def test_a_superuser_invites_staff_with_groups(ada: User, client: Client) -> None:
    group = Group.objects.create(name="Readers")
    invite(client, "staff", groups=[group.pk])

    assert (eve().is_staff, eve().is_superuser) == (True, False)
    assert list(eve().groups.all()) == [group]


@pytest.mark.parametrize(
    ("role", "fields", "wrong"),
    [
        ("manager", {}, "courses"),
        ("learner", {}, "learner"),
        ("learner", {"learner": "nobody"}, "learner"),
        ("learner", {"learner": "no\0body"}, "learner"),
        ("superuser", {}, "role"),
        ("staff", {"learner": "nobody"}, "learner"),
        ("manager", {"email": "ADA@example.com"}, "email"),
        ("manager", {"courses": ["999"]}, "courses"),
    ],
)
def test_a_wrong_form_invites_nobody(
    ada: User, client: Client, role: str, fields: dict[str, Any], wrong: str
) -> None:
    response = invite(client, role, **fields)

    assert wrong in response.context["adminform"].form.errors
    assert (Invitation.objects.count(), len(mail.outbox)) == (0, 0)


def test_the_link_works_once(ada: User, client: Client) -> None:
    invite(client, courses=[course().pk])
    link = mailed_link()
    set_by(link)

    assert not works(link)


def test_a_link_changed_by_one_letter_is_a_plain_sentence(ada: User, client: Client) -> None:
    invite(client, courses=[course().pk])
    link = mailed_link()
    for at in range(len("/account/invitation/"), len(link)):
        forged = link[:at] + ("A" if link[at] != "A" else "B") + link[at + 1 :]
        page = Client().get(forged, follow=True)

        assert page.status_code in (200, 404)
        assert page.status_code == 404 or "no longer works" in page.content.decode()


def test_the_link_expires(ada: User, client: Client) -> None:
    invite(client, courses=[course().pk])
    link = mailed_link()
    assert works(link)
    long_ago = timezone.now() - timedelta(days=7, minutes=1)
    Invitation.objects.update(sent_at=long_ago)

    assert not works(link)
    assert not works(urlsplit(invitations.link_of(eve())).path)
    assert Invitation.objects.get().state == "expired"


def test_an_invitation_sent_again_has_a_new_link(ada: User, client: Client) -> None:
    invite(client, courses=[course().pk])
    former = mailed_link()
    act(client, "send_again")

    assert not works(former)
    assert works(mailed_link())


def test_a_withdrawn_invitation_opens_nothing_until_it_is_sent_again(
    ada: User, client: Client
) -> None:
    invite(client, courses=[course().pk])
    link = mailed_link()
    act(client, "withdraw")
    assert not works(link)
    assert not eve().is_active
    act(client, "send_again")

    assert works(mailed_link())
    assert eve().is_active


def test_an_accepted_invitation_is_neither_sent_again_nor_withdrawn(
    ada: User, client: Client
) -> None:
    invite(client, courses=[course().pk])
    set_by(mailed_link())
    act(client, "send_again")
    act(client, "withdraw")

    assert len(mail.outbox) == 1
    assert eve().is_active


def test_a_page_left_open_while_the_invitation_is_withdrawn_sets_no_password(
    ada: User, client: Client
) -> None:
    invite(client, courses=[course().pk])
    guest = Client()
    form = guest.get(mailed_link(), follow=True)
    act(client, "withdraw")
    answer = guest.post(form.redirect_chain[-1][0], {"new_password1": NEW, "new_password2": NEW})

    assert "no longer works" in answer.content.decode()
    assert not eve().has_usable_password()


def test_a_forgotten_password_does_not_open_an_invited_account(ada: User, client: Client) -> None:
    invite(client, courses=[course().pk])
    mail.outbox.clear()
    with mock.patch("accounts.sign_in.password_links.current_app.send_task"):
        Client().post("/account/forgotten", {"email": EVE})

    assert mail.outbox == []


def test_a_password_set_by_another_link_ends_that_of_the_invitation(
    ada: User, client: Client
) -> None:
    invite(client, courses=[course().pk])
    link = mailed_link()
    with mock.patch("accounts.sign_in.password_links.current_app.send_task"):
        password_links.invite([eve()])
    set_by(password_links.link_of(eve()))

    assert not works(link)
    assert Invitation.objects.get().accepted_at


def test_signing_in_by_any_other_way_ends_the_link_of_the_invitation(
    ada: User, client: Client
) -> None:
    invite(client, courses=[course().pk])
    link = mailed_link()
    assert works(link)
    Client().force_login(eve())

    assert not works(link)


def test_a_link_for_another_account_does_not_work(ada: User, client: Client) -> None:
    invite(client, courses=[course().pk])
    _, _, _, who, token = mailed_link().split("/")
    bo = account("Bo")
    Invitation.objects.create(account=bo)
    _, _, _, whose, _ = urlsplit(invitations.link_of(bo)).path.split("/")

    assert who != whose
    assert not works(f"/account/invitation/{whose}/{token}")


def test_staff_offer_only_what_they_may_give(client: Client) -> None:
    staff(client, "add_invitation", "view_invitation", "add_user")
    invite(client, courses=[course().pk])
    invite(client, "staff")
    page = client.get(ADD)

    assert not Invitation.objects.exists()
    assert list(page.context["adminform"].form.fields) == ["email", "name", "role", "learner"]


def test_without_the_permission_to_add_accounts_nobody_is_invited(client: Client) -> None:
    staff(client, "add_invitation", "view_invitation")

    assert client.get(ADD).status_code == 403


def test_the_pages_of_invitations_work(ada: User, client: Client) -> None:
    assert client.get(ADD).status_code == 200
    invite(client, courses=[course().pk])

    assert EVE in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{Invitation.objects.get().pk}/change/").status_code == 200


def test_a_run_is_granted_on_the_page_of_an_account(ada: User, client: Client) -> None:
    run, bo = run_of(course("py"), "spring"), account("Bo")
    path = f"/admin/accounts/user/{bo.pk}/change/"
    form = client.get(path)
    assert form.status_code == 200
    data = {"email": bo.email, "name": "Bo", "is_active": "on"}
    for prefix in ("course_grants", "run_grants"):
        data |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0"}
    client.post(path, data | {"run_grants-0-run": str(run.pk), "run_grants-0-user": str(bo.pk)})

    assert set(Reader.of(bo).runs()) == {run}

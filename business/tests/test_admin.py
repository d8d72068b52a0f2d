from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import account, learner
from business.models import Customer, OrganizationGrant, Payment, ReferralCode, Seat
from business.referral_codes import code_of
from business.tests.shop import ACME, did, ends, enrolled, holds, paid, refund, school

pytestmark = pytest.mark.django_db

LISTS = [
    "customer",
    "invitation",
    "organizationgrant",
    "payment",
    "referral",
    "referralcode",
    "seat",
    "subscription",
    "subscriptionchange",
]


def fill(who: str) -> None:
    holds(None, f"s-{who}", "2026-05-01", course="py", customer=ACME | {"key": f"acme-{who}"})
    ends(f"s-{who}", "paused", "2026-05-02")
    paid(who, "1250.50", "2026-05-03", course="py", payment=f"p-{who}")
    refund(None, "50.00", "2026-05-04", payment=f"p-{who}")
    did("invitation.sent", "2026-05-05", who, course="py", code=f"by-{who}")
    enrolled(f"friend-of-{who}", at="2026-05-06", referral_code=f"by-{who}")
    code_of(learner(f"Coded-{who}"))
    acme = Customer.objects.get(key=f"acme-{who}")
    Seat.objects.create(organization=acme, learner=learner(f"Seated-{who}"))
    OrganizationGrant.objects.create(user=account(f"Manager-{who}"), organization=acme)


@pytest.mark.parametrize("name", LISTS)
def test_lists_need_no_more_queries_for_more_rows(name: str, admin_client: Client) -> None:
    school("py")
    fill("ada")
    before = queries(admin_client, name)
    fill("bo")

    assert queries(admin_client, name) == before


def queries(client: Client, name: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(f"/admin/business/{name}/").status_code == 200
    return len(found)


def test_every_model_is_in_the_admin() -> None:
    mine = {
        one._meta.model_name for one in admin.site._registry if one._meta.app_label == "business"
    }

    assert mine == set(LISTS)


def test_amounts_are_shown_in_their_currency(admin_client: Client) -> None:
    paid("ada", "1250.50", "2026-05-03")
    paid("ada", "3000", "2026-05-03", currency="JPY")
    page = admin_client.get("/admin/business/payment/").content.decode()

    assert "$1,250.50" in page
    assert "¥3,000" in page


@pytest.mark.parametrize("name", ["customer", "payment", "subscription", "referral"])
def test_facts_cannot_be_added(name: str, admin_client: Client) -> None:
    assert admin_client.get(f"/admin/business/{name}/add/").status_code == 403


def test_facts_cannot_be_changed(admin_client: Client) -> None:
    paid("ada", "1.00", "2026-05-03")
    page = f"/admin/business/payment/{Payment.objects.get().pk}/change/"

    assert admin_client.get(page).status_code == 200
    assert admin_client.post(page, {"amount": 5}).status_code == 403


def test_staff_can_create_a_code_for_a_learner(admin_client: Client) -> None:
    ada = learner("Ada")
    admin_client.post("/admin/business/referralcode/add/", {"learner": ada.pk})
    code = ReferralCode.objects.get(learner=ada)

    assert len(code.code) == 8
    assert f"/r/{code.code}" in admin_client.get("/admin/business/referralcode/").content.decode()

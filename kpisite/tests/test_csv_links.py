"""Lists of facts link to the import of the events they are made of."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.tests.people import account
from intake.csv.pages import CsvImportMixin
from intake.event_kinds import KINDS

pytestmark = pytest.mark.django_db
LISTS = {
    model: page.csv_kinds
    for model, page in admin.site._registry.items()
    if isinstance(page, CsvImportMixin) and page.csv_kinds
}


def test_every_link_names_an_existing_kind() -> None:
    linked = {kind for kinds in LISTS.values() for kind in kinds}

    assert linked <= set(KINDS)
    assert {"payment.received", "survey.answered", "assessment.graded"} <= linked


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model._meta.label)
def test_a_list_links_to_the_import_with_permission_only(
    client: Client, model: type[Model]
) -> None:
    bo = account("Bo", is_staff=True)
    view = Permission.objects.filter(codename=f"view_{model._meta.model_name}")
    bo.user_permissions.set(view)
    client.force_login(bo)
    path = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
    assert "Import CSV" not in client.get(path).content.decode()

    bo.user_permissions.add(Permission.objects.get(codename="import_event"))
    text = client.get(path).content.decode()
    assert all(f"/admin/intake/event/import/?kind={kind}" in text for kind in LISTS[model])

"""docs/bi.md describes the exported tables as they are declared."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from exports.documentation import replaced
from exports.tables import TABLES

pytestmark = pytest.mark.once

# facts that are not exported: what others follow from, and texts
NOT_EXPORTED = {
    *("engagement.ActivityMoments", "engagement.CourseDefinition", "engagement.PlayerEvent"),
    *("outcomes.CertificateChange", "outcomes.CertificateCode", "outcomes.QuoteConsent"),
    *("outcomes.Testimonial", "outcomes.TopicRun", "business.OrganizationGrant", "business.Seat"),
    *("business.ReferralCode", "business.RememberedCode", "business.SubscriptionChange"),
}


def test_the_page_describes_the_tables_as_they_are() -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "bi.md").read_text()

    assert page == replaced(page), "run: manage.py document_exports"


def test_every_fact_is_exported_or_said_not_to_be() -> None:
    facts = {
        one._meta.label
        for app in ("engagement", "outcomes", "business")
        for one in apps.get_app_config(app).get_models()
    }
    exported = {table.model._meta.label for table in TABLES.values()}

    assert facts - exported == NOT_EXPORTED

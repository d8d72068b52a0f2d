"""The page about what is stored is complete, and follows the declarations and the settings."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from core.personal_data import PERSONAL_DATA
from kpisite.jobs.retention import OTHER_SETTINGS, RULES, days_kept
from kpisite.privacy import stored_about_people
from learners.own_data.purposes import PURPOSES
from outcomes.models import Testimonial

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_every_declared_model_is_on_the_page_with_a_purpose() -> None:
    kinds = [kind for app in stored_about_people() for kind in app.kinds]

    assert len(kinds) == len(PERSONAL_DATA)
    assert {one.model._meta.app_label for one in PERSONAL_DATA.values()} == PURPOSES.keys()


def test_anybody_reads_it() -> None:
    page = Client().get("/privacy")

    assert page.status_code == 200
    assert "A fact about a learner who is anonymous by then" in page.content.decode()


def test_the_page_says_for_how_long(settings: Settings) -> None:
    settings.KPI_KEEP_REJECTED_DAYS = 123
    settings.KPI_KEEP_COMMENTS_DAYS = 0
    page = Client().get("/privacy").content.decode()

    assert "123 days" in page
    assert days_kept(Testimonial) is None


def test_the_documented_table_lists_each_setting_of_retention() -> None:
    text = (settings.BASE_DIR / "docs" / "privacy.md").read_text()
    listed = set(re.findall(r"^\| .* \| `(KPI_KEEP_[A-Z_]+)` \|", text, re.MULTILINE))

    assert listed == {rule.setting for rule in RULES} | set(OTHER_SETTINGS.values())

"""Readers never wait for a writer, although SQLite has only one write lock."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.tests.people import account
from curriculum.models import Learner
from kpisite.tests.test_access import client_of, rows
from outcomes.models import Invitation, Wave
from outcomes.surveys import links
from outcomes.tests.asking import invited, wave_of
from outcomes.tests.school import school

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


@contextmanager
def somebody_writes() -> Iterator[None]:
    """Hold SQLite's only write lock."""
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        writer.close()


# waiting for the writer would take 20 seconds; a page takes one or two on a busy machine
WAITED = 10


def slow(client: Client, *paths: str) -> dict[str, float]:
    """Return the pages that waited, with their duration in seconds."""
    seconds = {}
    for path in paths:
        began = time.monotonic()
        assert client.get(path).status_code < 500, path
        seconds[path] = time.monotonic() - began
    return {path: took for path, took in seconds.items() if took >= WAITED}


@pytest.mark.parametrize("visitor", ["reads", "sends", "staff", "manager", "learner", "stranger"])
def test_every_page_responds_during_a_write(visitor: str) -> None:
    client = client_of(visitor)
    pages = [path for method, path, _ in rows() if method == "GET"]
    for path in pages:
        client.get(path)  # load everything once before measuring
    with somebody_writes():
        assert slow(client, *pages) == {}


def test_no_admin_page_waits() -> None:
    client = Client()
    client.force_login(account("Dee", is_staff=True, is_superuser=True))
    names = [f"{one._meta.app_label}_{one._meta.model_name}" for one in admin.site._registry]
    pages = [reverse(f"admin:{name}_changelist") for name in names]
    with somebody_writes():
        assert slow(client, *pages, reverse("admin:accounts_user_add")) == {}


def test_learners_see_their_referral_code_during_a_write() -> None:
    bo, client = account("Bo"), Client()
    Learner.objects.create(key="bo", user=bo)
    client.force_login(bo)
    client.get("/r")
    with somebody_writes():
        assert slow(client, "/r") == {}


def test_a_survey_opens_at_once_and_is_recorded_the_next_time() -> None:
    ada, now = invited("ada", wave_of(school())), timezone.now()
    Wave.objects.update(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1))
    link, client = f"/surveys/{links.token_of(ada.pk)}", Client()
    with somebody_writes():
        assert slow(client, link) == {}
        assert Invitation.objects.get().opened_at is None
    client.get(link)

    assert Invitation.objects.get().opened_at is not None

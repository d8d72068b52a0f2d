"""Two changes of one course at the same moment."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from accounts.tests.people import course
from curriculum.models import Course, Module, StructureVersion
from curriculum.structure import versions

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = StructureVersion.Source.ADMIN


def test_each_of_two_changes_gets_a_number_of_its_own(db: None) -> None:
    made = course(modules=2)
    versions.record([made.pk], source=ADMIN)
    start = Barrier(2)

    def changes(key: str) -> None:
        start.wait()
        try:
            with transaction.atomic():
                # as every writer of a structure does first
                Course.objects.select_for_update().get(pk=made.pk)
                Module.objects.filter(course=made, key=key).update(planned_days=20)
                versions.record([made.pk], source=ADMIN)
        finally:
            connection.close()

    threads = [Thread(target=changes, args=(key,)) for key in ("m1", "m2")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    latest = made.structure_versions.order_by("number").last()
    assert [one.number for one in made.structure_versions.order_by("number")] == [1, 2, 3]
    assert [one["planned_days"] for one in latest.structure["modules"]] == [20, 20]  # type: ignore[union-attr]

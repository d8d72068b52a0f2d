"""A backup or a restore that is killed in the middle: what was there before is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from kpisite.backups import restoring
from kpisite.testing.worker import database_url
from kpisite.tests.test_backups import MODELS, back_up, empty, provider, restore, stored

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("provider")]

_ = provider

KILLED = """
import os, signal
import django
django.setup()
from pathlib import Path
from kpisite.backups import backing_up, restoring
def die(done, of):
    if done > of / 2:
        os.kill(os.getpid(), signal.SIGKILL)
{work}(Path("{path}"), die)
"""


def killed_in_the_middle(work: str, path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED.format(work=work, path=path)],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "kpisite.settings",
        },
        cwd=settings.BASE_DIR,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL


def test_the_former_backup_is_whole_after_a_kill(tmp_path: Path) -> None:
    before = stored()
    former = back_up(tmp_path / "monday.zip")
    killed_in_the_middle("backing_up.back_up", tmp_path / "tuesday.zip")
    empty()
    with pytest.raises(restoring.RestoreError, match="is not a whole backup"):
        restore(tmp_path / "tuesday.zip.partial")
    restore(former)

    assert stored() == before


def test_a_restore_that_was_killed_left_nothing_and_begins_again(tmp_path: Path) -> None:
    before = stored()
    path = back_up(tmp_path / "site.zip")
    empty()
    killed_in_the_middle("restoring.restore", path)
    left = {name for name, rows in stored().items() if rows}
    assert left == set()
    restore(path)

    assert stored() == before
    assert len(before) == len(MODELS)

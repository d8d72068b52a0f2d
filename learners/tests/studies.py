"""Ada has an account and takes courses of two weekly modules; others take them with her.

A course takes 28 days. Who starts on 5 January has modules due on 12 and 19 January.
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any

from django.test import Client

from accounts.models import User
from accounts.tests.people import account, course, moment, run_of
from curriculum.models import Learner
from engagement.tests.school import did, enrolled, finished, graded
from learners.progress.page import ProgressPage, progress_page

NOW = moment("2026-01-14T10:00:00")

__all__ = ["NOW", "did", "enrolled", "finished", "graded"]


def school(*keys: str, modules: int = 2) -> None:
    for key in keys or ("py",):
        run_of(course(key, modules=modules))


def with_account(name: str = "ada", **fields: Any) -> User:
    """Give the learner an account, and create the learner if necessary."""
    user = account(name.capitalize(), **fields)
    Learner.objects.update_or_create(
        key=name, defaults={"user": user, "name": f"{name.capitalize()} Lovelace"}
    )
    return user


def page_of(name: str = "ada", now: datetime = NOW) -> ProgressPage:
    return progress_page(Learner.objects.get(key=name), now)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, path: str, status: int = 200) -> str:
    """Return the text of a page without markup."""
    response = client.get(path)
    assert response.status_code == status, response
    body = re.sub(r"<[^>]*>", " ", response.content.decode().partition("<main")[2])
    return " ".join(html.unescape(body).split())


def watched(who: str, seconds: int, at: str, video: str = "intro") -> None:
    data = {"segments": [[0, seconds]], "duration": 600}
    did(who, "video.watched", at, object=video, module="m1", data=data)

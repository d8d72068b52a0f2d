"""Readers of the pages of experiments, and what they send."""

from __future__ import annotations

from html import unescape

from django.contrib.auth.models import Permission

from accounts.models import User
from experiments.models import Experiment
from kpis.tests.visitors import TAG, Visitor

PAGE = "/experiments"


def may_run(user: User) -> User:
    user.user_permissions.add(Permission.objects.get(codename="run_experiment"))
    return User.objects.get(pk=user.pk)


def sends(who: Visitor, path: str, data: dict[str, object]) -> str:
    response = who.client.post(path, data, follow=True)
    who.status, who.html = response.status_code, response.content.decode()
    return " ".join(unescape(TAG.sub(" ", who.html)).split())


def acts(who: Visitor, experiment: Experiment, action: str, **fields: object) -> str:
    """Send the form of an action, from the page as it is now."""
    experiment.refresh_from_db()
    data = {"act": action, "version": experiment.version, **fields}
    return sends(who, f"{PAGE}/{experiment.key}", data)

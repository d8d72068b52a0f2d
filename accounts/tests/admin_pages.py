from __future__ import annotations

from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from accounts.tests.people import account, moment
from curriculum.enrolling import SignUp, enroll
from curriculum.models import Course, Enrollment, Learner


def shown_messages(answer: HttpResponse) -> str:
    """Return the messages that the next page shows."""
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))  # type: ignore[attr-defined]


def page(client: Client, path: str) -> str:
    return client.get(f"/admin/{path}").content.decode()


def staff(client: Client, *permissions: str) -> User:
    """Sign in a member of staff with these permissions and no others."""
    bo = account("Bo", is_staff=True)
    bo.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(bo)
    return bo


def enrolled(name: str, made: Course) -> Enrollment:
    run, _ = made.runs.get_or_create(key="r1")
    who, _ = Learner.objects.get_or_create(key=name.lower(), name=name)
    sign_up = SignUp(learner_id=who.pk, run_id=run.pk, enrolled_at=moment("2026-11-02"))
    return enroll([sign_up])[0]


def account_form(user: User, **changes: object) -> dict[str, object]:
    """Return what the page of an account sends if nobody grants anything, with these changes."""
    grants = {
        f"{kind}_grants-{count}_FORMS": "0"
        for kind in ("course", "run")
        for count in ("TOTAL", "INITIAL")
    }
    return {"email": user.email, "is_active": "on"} | grants | changes

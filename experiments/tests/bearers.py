"""Keys and accounts that use the API, and what they send to the routes of one experiment."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import CourseGrant, User
from curriculum.models import Course

LIST = "/api/experiments"
READ, WRITE, SMALL = "experiments:read", "experiments:write", "kpis:small-groups"


def bearing(*scopes: str, courses: tuple[Course, ...] = (), name: str = "my-lms") -> Client:
    """Return a client with a key; without scopes, it may do everything with experiments."""
    _, secret = create_api_key(name, scopes or (READ, WRITE, SMALL), courses=courses)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def signed_in(*permissions: str, course: Course | None = None) -> Client:
    bo = User.objects.create_user("bo@example.com", name="Bo")
    bo.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    if course:
        CourseGrant.objects.create(user=bo, course=course)
    client = Client()
    client.force_login(bo)
    return client


def sent(client: Client, action: str, *, key: str = "strict-marks", **body: Any) -> tuple[int, Any]:
    """Post to a route of an experiment; returns the status and the body."""
    path = f"{LIST}/{key}/{action}"
    response = client.post(path, body, content_type="application/json")
    return response.status_code, response.json()

"""The learning record store of a running server, as its operator sees it."""

from __future__ import annotations

import base64
import json
from typing import Any

import requests
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from curriculum.models import Course, Module
from engagement.models import AssessmentResult
from intake.models import Event
from kpis.recompute.recompute_stale import recompute_stale
from xapi.models import Statement

SCOPES = [
    ApiKey.Scope.XAPI_WRITE,
    ApiKey.Scope.XAPI_READ,
    ApiKey.Scope.XAPI_ALL,
    ApiKey.Scope.KPIS_READ,
    ApiKey.Scope.SMALL_GROUPS,
]


class Store:
    def __init__(self, url: str) -> None:
        self.url = url
        self.endpoint = f"{url}/xapi/"
        self.key, self.secret = create_api_key("tool", SCOPES, creates_unknown=True)

    @property
    def token(self) -> str:
        """The Basic credentials, as cmi5 hands them over."""
        return base64.b64encode(f"tool:{self.secret}".encode()).decode()

    def call(self, method: str, path: str, body: Any = None, **parameters: Any) -> Any:
        """Call as a launching system does."""
        given = {
            name: json.dumps(value) if isinstance(value, dict) else value
            for name, value in parameters.items()
        }
        answer = requests.request(
            method,
            f"{self.endpoint}{path}",
            params=given,
            json=body,
            headers={
                "Authorization": f"Basic {self.token}",
                "X-Experience-API-Version": "1.0.3",
                "If-None-Match": "*",
            },
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer

    def knows(self, key: str, *modules: str) -> None:
        """Create a course with modules."""
        course = Course.objects.create(key=key, title=key)
        for position, module in enumerate(modules, 1):
            Module.objects.create(course=course, key=module, title=module, position=position)

    def kpi(self, key: str, course: str = "stats") -> Any:
        """Return today's figure of the course, once everything is computed."""
        recompute_stale()
        today = timezone.now().date().isoformat()
        answer = requests.get(
            f"{self.url}/api/kpi/{key.replace('.', '/')}",
            params={"course": course, "period": "day", "from": today, "to": today},
            headers={"Authorization": f"Bearer {self.secret}"},
            timeout=30,
        )
        assert answer.ok, answer.text
        (figure,) = answer.json()["series"]
        return figure


def verbs() -> list[str]:
    """Return the verbs of the stored statements, in the order of storing."""
    keys = Statement.objects.order_by("pk").values_list("verb__key", flat=True)
    return [key.rpartition("/")[2] for key in keys]


def texts() -> list[str]:
    """Return the stored statements as they were sent."""
    return list(Statement.objects.order_by("pk").values_list("sent", flat=True))


def kinds() -> list[str]:
    return sorted(Event.objects.values_list("kind", flat=True))


def scores() -> list[float]:
    return sorted(AssessmentResult.objects.values_list("score", flat=True))

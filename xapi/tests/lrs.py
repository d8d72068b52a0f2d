"""A client of the learning record store, and statements of Ada and Bo."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID

from django.test import Client

from accounts.api_keys import create_api_key
from accounts.models import ApiKey

JSON = "application/json"
ADA, BO = {"mbox": "mailto:ada@example.com"}, {"mbox": "mailto:bo@example.com"}
SAW, HEARD = {"id": "https://verbs.example/saw"}, {"id": "https://verbs.example/heard"}
PAGE = {"id": "https://course.example/page"}
VOIDED = {"id": "http://adlnet.gov/expapi/verbs/voided"}
EVERYTHING = ("xapi:write", "xapi:read", "xapi:all")


def uuid(number: int) -> str:
    return str(UUID(int=number))


def statement(number: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return that Ada saw the page, but for what is changed."""
    found = {"actor": ADA, "verb": SAW, "object": PAGE, **changes}
    return found if number is None else {"id": uuid(number), **found}


def voiding(number: int, of: int, **changes: Any) -> dict[str, Any]:
    return statement(number, verb=VOIDED, object=reference(of), **changes)


def reference(of: int) -> dict[str, Any]:
    return {"objectType": "StatementRef", "id": uuid(of)}


class Store:
    """The store as one sender sees it."""

    def __init__(
        self, name: str = "tool", *scopes: str, version: str = "1.0.3", **fields: Any
    ) -> None:
        self.key, self.secret = create_api_key(name, scopes or EVERYTHING)
        if fields:
            ApiKey.objects.filter(pk=self.key.pk).update(**fields)
        self.client = Client(
            headers={"X-Experience-API-Version": version, **basic(name, self.secret)}
        )

    def post(self, *statements: Any, **headers: str) -> Any:
        return self.client.post("/xapi/statements", list(statements), JSON, headers=headers)

    def post_raw(self, body: bytes, content_type: str = JSON) -> Any:
        return self.client.generic("POST", "/xapi/statements", body, content_type)

    def put(self, number: int, sent: Any) -> Any:
        return self.client.put(f"/xapi/statements?statementId={uuid(number)}", sent, JSON)

    def get(self, path: str = "statements", headers: Any = None, **parameters: Any) -> Any:
        given = {
            name: json.dumps(value) if isinstance(value, dict) else value
            for name, value in parameters.items()
        }
        return self.client.get(f"/xapi/{path}", given, headers=headers)

    def found(self, **parameters: Any) -> list[int]:
        """Return the numbers of the statements that a query finds, in its order."""
        answer = self.get(**parameters)
        assert answer.status_code == 200, answer.content
        return [UUID(one["id"]).int for one in answer.json()["statements"]]

    def one(self, number: int, **parameters: Any) -> Any:
        return self.get(statementId=uuid(number), **parameters).json()


def basic(user: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}

"""JSON objects of the API as pydantic models: views answer with them, OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from rest_framework.response import Response


def _simplify(schema: dict[str, Any]) -> None:
    """Drop what repeats the names of the fields, and write `X or null` in the short form."""
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
        if field.get("default", ...) is None:
            del field["default"]
        match field.get("anyOf"):
            case [{"type": str(kind), **rest}, {"type": "null"}]:
                del field["anyOf"]
                field.update(rest, type=[kind, "null"])


class ApiModel(BaseModel):
    """One JSON object of the API.

    A field without a default is always present. A field declared with `may_be_absent` is left out
    of the answer unless the view sets it, even if it sets it to None.
    """

    model_config = ConfigDict(frozen=True, json_schema_extra=_simplify)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


def may_be_absent(description: str | None = None) -> Any:
    return Field(default=None, description=description)


def json_response(body: ApiModel | Sequence[ApiModel], status: int = 200) -> Response:
    if isinstance(body, ApiModel):
        return Response(body.as_json(), status=status)
    return Response([one.as_json() for one in body], status=status)

"""JSON objects of the API as pydantic models: views answer with them, OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel
from rest_framework.response import Response

Item = TypeVar("Item", bound=BaseModel)


def _simplify(schema: dict[str, Any]) -> None:
    """Describe fields like drf-spectacular does for serializers, and without a title."""
    schema.pop("title", None)
    for field in schema.get("properties", {}).values():
        field.pop("title", None)
        if field.get("default", ...) is None:
            del field["default"]
        match field.get("anyOf"):
            case [{"type": str(kind), **rest}, {"type": "null"}]:
                del field["anyOf"]
                field.update(rest, type=[kind, "null"])
        if "number" in field.get("type", ()):
            field["format"] = "double"


class ApiModel(BaseModel):
    """One JSON object of the API.

    A field without a default is always present. A field declared with `may_be_absent` is left out
    unless the view sets it; then it is present, even with the value None.
    """

    model_config = ConfigDict(frozen=True, json_schema_extra=_simplify)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class ApiList(RootModel[list[Item]], Generic[Item]):
    """A JSON list of the API; subclass it to give the list a name in OpenAPI."""

    model_config = ConfigDict(frozen=True, json_schema_extra=_simplify)


def may_be_absent(description: str | None = None) -> Any:
    return Field(default=None, description=description)


def one_of(choices: Iterable[str], description: str | None = None) -> Any:
    return Field(description=description, json_schema_extra={"enum": [*choices]})


def json_response(body: BaseModel, status: int = 200) -> Response:
    return Response(body.model_dump(exclude_unset=True), status=status)

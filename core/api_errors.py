"""Error responses of the API: `{code, detail, field?}`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404
from pydantic import Field
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.exceptions import PermissionDenied as RestPermissionDenied
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core import request_ids
from core.api_models import ApiModel, may_be_absent
from core.database.outages import Unavailable, outage_of

logger = logging.getLogger(__name__)


class FieldProblem(ApiModel):
    """One of several things that are wrong with a body."""

    field: str | None = Field(
        description="Path of the wrong field, such as variants.1.weight; null: all of the body."
    )
    detail: str


class Problem(ApiModel):
    """The body of every error response of the API."""

    code: str
    detail: str = Field(description="What is wrong and how to correct it.")
    field: str = may_be_absent("The wrong parameter or field, if there is one.")
    request_id: str = may_be_absent("Of errors of the server: by which its log knows the request.")
    problems: list[FieldProblem] = may_be_absent(
        "Everything that is wrong with the draft of an experiment; `detail` is the first."
    )


class InvalidParameters(APIException):
    """A query parameter is wrong; `field` is its name."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_question"

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.field = field


class InvalidBody(InvalidParameters):
    """Several fields of a body may be wrong; `problems` has at least one."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        super().__init__(problems[0].detail, problems[0].field)
        self.problems = list(problems)


def invalid_parameters(form: BaseForm) -> InvalidParameters:
    """Return the first error of an invalid form."""
    name, messages = next(iter(form.errors.items()))
    return InvalidParameters(str(messages[0]), None if name == "__all__" else name)


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an API exception with a problem; None for any other exception, which is a 500."""
    if outage := outage_of(error):
        logger.warning("Answered 503: %s (%s)", outage.text, error)
        error = Unavailable(outage)
    elif isinstance(error, Http404):
        error = NotFound(str(error) or None)
    elif isinstance(error, PermissionDenied):
        error = RestPermissionDenied(str(error) or None)
    response = exception_handler(error, context)
    if response is None or not isinstance(error, APIException):
        return response
    response.data = _problem(error).as_json()
    return response


def document_throttling(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Add the response to an API key over its limit to every operation of the schema."""
    seconds = {"schema": {"type": "integer"}, "description": "Seconds until the next request."}
    response = {
        "headers": {"Retry-After": seconds},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        "description": "The API key has reached its limit.",
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["429"] = response
    return result


def _problem(error: APIException) -> Problem:
    code, detail, field = error.get_codes(), error.detail, getattr(error, "field", None)
    while isinstance(detail, dict | list):
        if isinstance(detail, dict):
            field, detail = next(iter(detail.items()))
            code = code.get(field, "invalid") if isinstance(code, dict) else code
        else:
            detail = detail[0]
            code = code[0] if isinstance(code, list) else code
    optional: dict[str, Any] = {"field": field} if field else {}
    if error.status_code >= status.HTTP_500_INTERNAL_SERVER_ERROR and request_ids.current():
        optional["request_id"] = request_ids.current()
    if isinstance(error, InvalidBody):
        optional["problems"] = error.problems
    return Problem(code=str(code), detail=str(detail), **optional)

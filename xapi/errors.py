"""Errors of the xAPI resources, with the sentence that the response shows."""

from __future__ import annotations

from xapi.validation.wrong import Wrong


class Refusal(Exception):  # noqa: N818 - an answer to the client, not an error of ours
    status = 400
    code = "invalid"

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class BadRequest(Refusal):
    @classmethod
    def of(cls, wrong: Wrong) -> BadRequest:
        return cls(str(wrong), field=wrong.place)


class NotAuthorized(Refusal):
    status = 401
    code = "not_authenticated"


class Forbidden(Refusal):
    status = 403
    code = "permission_denied"


class NotFound(Refusal):
    status = 404
    code = "not_found"


class MethodNotAllowed(Refusal):
    status = 405
    code = "method_not_allowed"


class Conflict(Refusal):
    status = 409
    code = "conflict"


class PreconditionFailed(Refusal):
    status = 412
    code = "precondition_failed"


class TooLarge(Refusal):
    status = 413
    code = "too_large"

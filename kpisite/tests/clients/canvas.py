"""A server that answers as Canvas's REST API documents it, two objects per page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

Rows = list[dict[str, Any]]
TOKEN = "7~canvas"


@dataclass
class Canvas:
    """The lists of objects of course 7, by their path."""

    url: str = ""
    lists: dict[str, Rows] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, environ: object, start_response: object) -> object:
        request = Request(environ)  # type: ignore[arg-type]
        return self.answer(request)(environ, start_response)  # type: ignore[arg-type]

    def answer(self, request: Request) -> Response:
        self.asked.append(request.full_path)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json({"errors": [{"message": "Invalid access token."}]}, status=401)
        path = request.path.removeprefix("/api/v1/courses/7").strip("/")
        if not path:
            return _json({"id": 7, "name": "Statistics", "course_code": "STAT"})
        if path not in self.lists:
            return _json({"errors": [{"message": "The specified resource does not exist."}]}, 404)
        page = int(request.args.get("page", "1"))
        rows = self.lists[path][2 * page - 2 : 2 * page]
        is_last = 2 * page >= len(self.lists[path])
        link = f'<{self.url}{request.path}?page={page + 1}&per_page=2>; rel="next"'
        # only the submissions of quizzes are inside of an object
        body = {"quiz_submissions": rows} if path.startswith("quizzes/") else rows
        return _json(body, headers={} if is_last else {"Link": link})


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        json.dumps(body), status, headers=headers or {}, content_type="application/json"
    )


def enrollment(number: int, user: int, state: str = "active", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "user_id": user,
        "course_id": 7,
        "type": "StudentEnrollment",
        "enrollment_state": state,
        "start_at": None,
        "created_at": "2026-02-01T08:00:00Z",
        "updated_at": "2026-03-20T08:00:00Z",
        "grades": {"current_score": 91.5, "final_score": 91.5},
        "user": {"id": user, "name": "Ada Lovelace", "sortable_name": "Lovelace, Ada"},
        **more,
    }


def submission(number: int, user: int, assignment: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "assignment_id": assignment,
        "user_id": user,
        "attempt": 1,
        "score": None,
        "grade": None,
        "submitted_at": "2026-03-02T09:00:00Z",
        "graded_at": None,
        "workflow_state": "submitted",
        "excused": False,
        "late": False,
        "missing": False,
        **more,
    }


def graded(number: int, user: int, assignment: int, score: float, **more: Any) -> dict[str, Any]:
    given = {"score": score, "graded_at": "2026-03-05T10:00:00Z", "workflow_state": "graded"}
    return submission(number, user, assignment, **given | more)

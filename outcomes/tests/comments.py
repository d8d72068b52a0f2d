"""Comments of learners on three subjects, and helpers to analyze them."""

from __future__ import annotations

from itertools import count
from typing import Any

from intake.receiving.receive import receive
from outcomes.feedback import analysis
from outcomes.models import CommentAnalysis, Theme
from outcomes.tests.school import LMS, START, did, enrolled

numbers = count(1)

VIDEOS = (
    "The videos are short, I could watch one over lunch.",
    "Every video lecture has captions and good sound.",
    "I had to watch the video on my phone, the sound was low.",
    "Video after video, and the captions are a blessing.",
)
TUTORS = (
    "My tutor gave honest feedback on the assignment.",
    "Feedback from the tutor came within a day.",
    "The tutor answered patiently, with feedback on every question.",
    "No feedback from any tutor for nine days.",
)
QUIZZES = (
    "The quiz asks questions that nobody explained.",
    "Quiz questions were fair, and the exercises practical.",
    "More exercises please, and a quiz with open questions.",
    "Exercises and quizzes after each chapter made it stick.",
)
SUBJECTS = {"video": VIDEOS, "tutor": TUTORS, "quiz": QUIZZES}


def wrote(comment: str, who: str = "", at: str = "2026-01-20", **data: Any) -> str:
    """Answer the survey with a comment, as a new or a given learner; returns the learner's key."""
    if not who:
        who = f"learner-{next(numbers)}"
        enrolled(who)
    did(who, "survey.answered", at, data=_answer(comment, data))
    return who


def many(times: int = 12, at: str = "2026-01-20", **data: Any) -> None:
    """Write so many comments on each of the three subjects, in one batch."""
    said = [texts[number % len(texts)] for texts in SUBJECTS.values() for number in range(times)]
    raws = []
    for text in said:
        who = f"learner-{next(numbers)}"
        common = {"learner": who, "course": "py"}
        answer = {"kind": "survey.answered", "occurred_at": f"{at}T12:00:00Z"}
        raws += [
            {"id": f"{who}-1", "kind": "enrollment.started", "occurred_at": START, **common},
            {"id": f"{who}-2", "data": _answer(text, data), **answer, **common},
        ]
    assert {outcome.status for outcome in receive(raws, LMS)} == {"accepted"}


def _answer(comment: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"survey": "end", "wave": "w1", "comment": comment} | data


def read() -> int:
    return analysis.analyze_comments()


def theme_of(text: str) -> Theme | None:
    """The theme that all comments with this text have."""
    found = {
        comment.theme
        for comment in CommentAnalysis.objects.filter(text=text).select_related("theme")
    }
    assert len(found) == 1, found
    return found.pop()

from __future__ import annotations

from core.personal_data import Action, holds_personal_data
from learners.models import ErasureRequest

holds_personal_data(
    ErasureRequest, "learner", ("asked_at", "due_at", "started_at"), action=Action.DELETE
)

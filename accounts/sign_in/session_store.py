"""Store sessions with their account, in columns: the engine of SESSION_ENGINE."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends import db

from accounts.models import Session

MESSAGES = SessionStorage.session_key


class SessionStore(db.SessionStore):
    """Encodes as the one of Django does, as long as it has the same name."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session: Session = super().create_model_instance(data)
        account = data.get(SESSION_KEY)
        session.account_id = int(account) if account else None
        session.has_messages = bool(data.get(MESSAGES))
        return session

"""Sessions with their account, in columns; this module is the SESSION_ENGINE."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from accounts.models.users import User

MESSAGES = SessionStorage.session_key


class Session(AbstractBaseSession):
    """A session, with what one would otherwise have to decode all sessions to find."""

    # without a constraint: a session may be stored while its account is being deleted
    account = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, db_constraint=False, related_name="sessions"
    )
    # messages that were not shown yet, which may name people
    has_messages = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.account_id}"

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class SessionStore(db.SessionStore):
    """Encodes as the one of Django does, as long as it has the same name."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast("Session", super().create_model_instance(data))
        account = data.get(SESSION_KEY)
        session.account_id = int(account) if account else None
        session.has_messages = bool(data.get(MESSAGES))
        return session

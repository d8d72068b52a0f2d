from __future__ import annotations

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from accounts.models.users import User


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
    def get_session_store_class(cls) -> type[SessionBase]:
        # it imports this model
        from accounts.sign_in.session_store import SessionStore  # noqa: PLC0415

        return SessionStore

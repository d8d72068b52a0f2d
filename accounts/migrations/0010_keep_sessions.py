from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

FORMER = "django_session"
COPIED = """
(session_key, session_data, expire_date, has_messages)
SELECT session_key, session_data, expire_date, FALSE FROM django_session
"""


def keep_sessions(apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
    """Take over the sessions of Django's own table, so that people stay signed in."""
    with editor.connection.cursor() as cursor:
        if FORMER not in connection.introspection.table_names(cursor):
            return
        cursor.execute(f"INSERT INTO accounts_session {COPIED}")
    sessions = apps.get_model("accounts", "Session").objects.all()
    for one in sessions.iterator():
        data = SessionStore().decode(one.session_data)
        one.account_id = data.get(SESSION_KEY)
        one.has_messages = bool(data.get(SessionStorage.session_key))
        one.save()
    editor.execute("DROP TABLE django_session")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_sessions_with_accounts")]

    operations = [migrations.RunPython(keep_sessions, migrations.RunPython.noop)]

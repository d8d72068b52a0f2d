"""The least that a store of statements in Django and SQLite can do, to compare costs with.

It parses a batch and inserts the text of each statement under its id, in one transaction that
survives a power cut. No key, no check, no filter, no meaning.

BARE_STORE=FILE gunicorn --workers 2 benchmarks.bare_store:application
"""

from __future__ import annotations

import json
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("BARE_STORE", ":memory:"),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    },
)
django.setup()
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS statement (id text UNIQUE, sent text)")
connection.close()


def post(request: HttpRequest) -> JsonResponse:
    statements = json.loads(request.body)
    rows = [(one["id"], json.dumps(one)) for one in statements]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany("INSERT INTO statement VALUES (%s, %s)", rows)
    return JsonResponse([one["id"] for one in statements], safe=False)


urlpatterns = [path("statements", post)]
application = get_wsgi_application()

"""This site's own keys, made when first needed; LMSs read the public ones."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from joserfc.jwk import RSAKey

from core.database.locks import queue_to_write
from lti.models import ToolKey


def signing_key() -> RSAKey:
    """Return the newest key, or make the first one."""
    row = ToolKey.objects.first()
    if row is None:
        with queue_to_write(), transaction.atomic():
            row = ToolKey.objects.first() or _new()
    return RSAKey.import_key(row.private_key, {"kid": row.key_id, "alg": "RS256", "use": "sig"})


def public_keys() -> dict[str, list[dict[str, Any]]]:
    """Return the JSON Web Key Set (RFC 7517) of all keys, without private parts."""
    signing_key()
    keys = [
        RSAKey.import_key(row.private_key, {"kid": row.key_id, "alg": "RS256", "use": "sig"})
        for row in ToolKey.objects.all()
    ]
    return {"keys": [key.as_dict(private=False) for key in keys]}


def _new() -> ToolKey:
    key = RSAKey.generate_key(2048, auto_kid=True)
    pem = key.as_pem(private=True).decode()
    return ToolKey.objects.create(key_id=key.kid or "", private_key=pem)

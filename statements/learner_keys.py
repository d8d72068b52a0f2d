"""The learner keys of the identifiers in statements."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime

from core.database import bulk_upsert
from core.database.queries import select
from core.external_keys import normalize_key
from statements.models import LearnerIdentifier
from statements.occurrence import Identifier

LONGEST = 600
KNOWN = "SELECT value, learner_key FROM statements_learneridentifier WHERE value IN %s"


def keys_of(
    identifiers: Collection[Identifier], *, names_are_keys: bool, now: datetime
) -> Mapping[Identifier, str]:
    """Return the key of each identifier, and remember those that are new.

    An address and its digest name one learner, whichever comes first.
    """
    wanted = {one: _texts(one) for one in identifiers}
    texts = {text for some in wanted.values() for text in some}
    known = _known(texts)
    missing: dict[str, str] = {}
    for one, some in sorted(wanted.items(), key=lambda pair: pair[1]):
        found = (known.get(text) or missing.get(text) for text in some)
        key = next(filter(None, found), None) or new_key(one, names_are_keys=names_are_keys)
        missing |= {text: key for text in some if text not in known and text not in missing}
    if missing:
        rows = [(text, key, now) for text, key in sorted(missing.items())]
        bulk_upsert.upsert(
            LearnerIdentifier, ("value", "learner_key", "first_at"), rows, conflict="value"
        )
        # another batch may have written some of them in the meantime
        known = _known(texts)
    return {one: known[some[0]] for one, some in wanted.items()}


def _known(texts: Collection[str]) -> dict[str, str]:
    return dict(select(KNOWN, texts)) if texts else {}


def _texts(one: Identifier) -> tuple[str, ...]:
    """Return the identifier as it is stored, and what names the same learner by definition."""
    own = _short(f"{one.kind}:{one.value}".replace("\n", " "))
    if one.kind != "mbox":
        return (own,)
    digest = hashlib.sha1(one.value.encode(), usedforsecurity=False).hexdigest()
    return own, f"mbox_sha1sum:{digest}"


def new_key(one: Identifier, *, names_are_keys: bool) -> str:
    """Return the key of a learner who is new."""
    if one.kind == "mbox":
        return _short(normalize_key(one.value.removeprefix("mailto:")), 200)
    if one.kind == "mbox_sha1sum":
        return f"sha1:{one.value}"
    if one.kind == "account":
        home, _, name = one.value.partition("\n")
        if names_are_keys:
            return _short(normalize_key(name), 200)
        return _short(f"{home.partition('://')[2].rstrip('/') or home}:{name}", 200)
    return _short(one.value, 200)


def _short(text: str, longest: int = LONGEST) -> str:
    clean = text.replace("\x00", "").strip()
    if len(clean) <= longest:
        return clean
    digest = hashlib.sha256(clean.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{clean[: longest - 33]}~{digest}"

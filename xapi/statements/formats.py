"""Write statements as clients ask for them: exact, only with ids, or canonical in one language."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from xapi.models import Activity, Statement, Verb
from xapi.statements.agents import identifier_of
from xapi.statements.identities import said_of
from xapi.statements.languages import in_one_language

EXACT, IDS, CANONICAL = "exact", "ids", "canonical"
FORMATS = (EXACT, IDS, CANONICAL)
Thing = dict[str, Any]
Change = Callable[[Thing], Thing]
IDENTIFIERS = ("objectType", "mbox", "mbox_sha1sum", "openid", "account")


def written(rows: Sequence[Statement], form: str, languages: str) -> list[str]:
    """Return the JSON of each statement; `languages` is the header Accept-Language."""
    if form == EXACT:
        return [exact(row) for row in rows]
    statements = [json.loads(exact(row)) for row in rows]
    if form == IDS:
        changed = [_only_ids(one) for one in statements]
    else:
        changed = _canonical(statements, languages)
    return [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in changed]


def exact(row: Statement) -> str:
    """Return a statement as it was sent, with what the store adds to it."""
    if row.has_own_properties:
        whole = with_lists(json.loads(row.sent)) | json.loads(f"{{{row.added}}}")
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return f"{row.sent[:-1].rstrip()},{row.added}}}"


def has_single_activity(statement: Thing) -> bool:
    """Return whether a context has the older form of a list of one activity."""
    if statement["object"].get("objectType") == "SubStatement":
        return has_single_activity(statement["object"]) or _has_single(statement)
    return _has_single(statement)


def _has_single(statement: Thing) -> bool:
    some = statement.get("context", {}).get("contextActivities")
    return bool(some) and any(type(one) is not list for one in some.values())


def with_lists(statement: Thing) -> Thing:
    """Return a statement in which lists of activities are lists, as they must be read."""
    return _mapped(statement, _same, _same, _same)


def _same(thing: Thing) -> Thing:
    return thing


def _only_ids(statement: Thing) -> Thing:
    return _mapped(statement, _actor_id, _only_id, _only_id)


def _kept(thing: Thing, names: Sequence[str]) -> Thing:
    return {name: value for name, value in thing.items() if name in names}


def _only_id(thing: Thing) -> Thing:
    return {"id": thing["id"]}


def _actor_id(actor: Thing) -> Thing:
    """Return the identifier of an agent or group; of an anonymous group those of its members."""
    found = _kept(actor, IDENTIFIERS)
    if identifier_of(actor) is None:
        found["member"] = [_actor_id(one) for one in actor.get("member", ())]
    return found


def _canonical(statements: Sequence[Thing], languages: str) -> list[Thing]:
    """Return statements with what is known of their activities and verbs, in one language."""
    activities, verbs = _named_in(statements)
    definitions, displays = said_of(Activity, activities), said_of(Verb, verbs)

    def activity(one: Thing) -> Thing:
        definition = definitions.get(one["id"]) or one.get("definition")
        return {**one, "definition": definition_in(definition, languages)} if definition else one

    def verb(one: Thing) -> Thing:
        display = displays.get(one["id"]) or one.get("display")
        return {**one, "display": in_one_language(display, languages)} if display else one

    return [
        _with_attachments_in(_mapped(one, _same, activity, verb), languages) for one in statements
    ]


def _named_in(statements: Sequence[Thing]) -> tuple[set[str], set[str]]:
    """Return the identifiers of the activities and verbs in statements."""
    activities: set[str] = set()
    verbs: set[str] = set()

    def note(identifiers: set[str]) -> Change:
        def change(one: Thing) -> Thing:
            identifiers.add(one["id"])
            return one

        return change

    for one in statements:
        _mapped(one, _same, note(activities), note(verbs))
    return activities, verbs


def _with_attachments_in(statement: Thing, languages: str) -> Thing:
    for attachment in statement.get("attachments", ()):
        for name in ("display", "description"):
            if name in attachment:
                attachment[name] = in_one_language(attachment[name], languages)
    return statement


def definition_in(definition: Thing, languages: str) -> Thing:
    """Return a definition with each of its texts in one language."""
    found = dict(definition)
    for name in ("name", "description"):
        if name in found:
            found[name] = in_one_language(found[name], languages)
    for name in ("choices", "scale", "source", "target", "steps"):
        if name in found:
            found[name] = [
                {**one, "description": in_one_language(one["description"], languages)}
                if "description" in one
                else one
                for one in found[name]
            ]
    return found


def _mapped(statement: Thing, actor: Change, activity: Change, verb: Change) -> Thing:
    """Return a statement with its actors, activities and verbs changed, also in the one inside."""
    found = dict(statement)
    found["actor"] = actor(found["actor"])
    found["verb"] = verb(found["verb"])
    target = found["object"]
    kind = target.get("objectType")
    if kind in ("Agent", "Group"):
        found["object"] = actor(target)
    elif kind == "SubStatement":
        found["object"] = _mapped(target, actor, activity, verb)
    elif kind != "StatementRef":
        found["object"] = activity(target)
    if "context" in found:
        found["context"] = dict(_context_mapped(found["context"], actor, activity))
    return found


def _context_mapped(context: Thing, actor: Change, activity: Change) -> Iterator[tuple[str, Any]]:
    for name, value in context.items():
        if name in ("instructor", "team"):
            yield name, actor(value)
        elif name in ("contextAgents", "contextGroups"):
            role = "agent" if name == "contextAgents" else "group"
            yield name, [{**one, role: actor(one[role])} for one in value]
        elif name == "contextActivities":
            yield (
                name,
                {
                    # a single activity is the older form of a list of one
                    key: [activity(one) for one in (some if type(some) is list else [some])]
                    for key, some in value.items()
                },
            )
        else:
            yield name, value

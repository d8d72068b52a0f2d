from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db.models import Model, Q, QuerySet, TextField, Value
from django.utils.translation import gettext_lazy as _

from core.database.id_lists import ids_in
from core.mentions import containing, may_name_people
from core.personal_data import (
    Action,
    Person,
    found_once,
    holds_no_personal_data,
    holds_personal_data,
)
from core.text_searches import by_texts
from xapi.models import (
    Activity,
    ActivityMention,
    ActivityProfile,
    Agent,
    AgentMention,
    AgentProfile,
    Attachment,
    Document,
    ErasedStatement,
    RefusedStatement,
    SenderRules,
    State,
    Statement,
    Target,
    Verb,
)
from xapi.statements import erased
from xapi.statements.agents import ACCOUNT, OPENID, SHA1
from xapi.statements.mentions import Said, mentions_of

DOCUMENTS: tuple[type[Document], ...] = (State, AgentProfile, ActivityProfile)
# (person) to the identifiers of agents under which an app knows the person
FIND_IDENTIFIERS: list[Callable[[Person], set[str]]] = []


def finds_identifiers(function: Callable[[Person], set[str]]) -> Callable[[Person], set[str]]:
    """Declare how an app above finds identifiers of a person, such as accounts."""
    FIND_IDENTIFIERS.append(function)
    return function


@found_once
def _identifiers_of(person: Person) -> set[str]:
    """Return what identifies a person, but for accounts that only have the name of one."""
    return _addresses_of(person).union(*(find(person) for find in FIND_IDENTIFIERS))


def _addresses_of(person: Person) -> set[str]:
    found = {f"{OPENID}{person.key}"}
    for address in person.addresses:
        mailbox = f"mailto:{address.lower()}"
        digests = {hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest()
                   for one in (mailbox, f"mailto:{address}")}  # fmt: skip
        found |= {mailbox, *(SHA1 + digest for digest in digests)}
    return found


def _account_names(person: Person) -> set[str]:
    return {one.lower() for one in (person.key, *person.emails) if one}


def _is_of(person: Person, identifier: str) -> bool:
    if not identifier.startswith(ACCOUNT):
        return identifier in _addresses_of(person)
    name = identifier.removeprefix(ACCOUNT).partition(" ")[2]
    return name.lower() in _account_names(person)


def _agent_may_be(person: Person) -> Q:
    """Choose agents by address, its digest, OpenID or account name."""
    found = Q(key__in=_identifiers_of(person))
    for name in _account_names(person):
        found |= Q(key__startswith=ACCOUNT, key__iendswith=f" {name}")
    return found


def _is_agent_of(person: Person, identifier: str) -> bool:
    # letters other than those of ASCII have a case, too, of which SQLite knows nothing
    return identifier in _identifiers_of(person) or _is_of(person, identifier)


def _activity_may_name(person: Person) -> Q:
    """Choose activities by their identifiers, such as the page of a profile."""
    names = person.unmistakable
    return containing(["key"], names) if names else Q(pk__in=())


_agents_of = by_texts(Agent, _agent_may_be, "key", names=_is_agent_of)
_activities_of = by_texts(Activity, _activity_may_name, "key")


def _statements_of(person: Person) -> QuerySet[Statement]:
    by_agent = AgentMention.objects.filter(agent__in=_agents_of(person)).values("statement")
    by_activity = ActivityMention.objects.filter(activity__in=_activities_of(person))
    return Statement.objects.filter(Q(pk__in=by_agent) | Q(pk__in=by_activity.values("statement")))


def _delete_statements(rows: QuerySet[Statement], person: Person) -> None:
    _note_erased(rows, person)
    rows.delete()
    _write_letters(person)


def _note_erased(rows: QuerySet[Statement], person: Person) -> None:
    """Remember these statements, and those of others whose text is about to lose the name."""
    found = Q(pk__in=rows.order_by().values("pk"))
    if person.unmistakable:
        found |= containing(["sent"], person.unmistakable)
    erased.note(Statement.objects.filter(found).values_list("uuid", flat=True))


def _write_letters(person: Person) -> None:
    """Write letters for escapes in statements that name the person: letters are searched."""
    escaped = {one for one in person.unmistakable if not one.isascii()}
    if not escaped:
        return
    rows = Statement.objects.filter(containing(["sent"], escaped), sent__contains="\\u")
    changed = []
    for row in rows:
        row.sent = json.dumps(json.loads(row.sent), ensure_ascii=False, separators=(",", ":"))
        changed.append(row)
    Statement.objects.bulk_update(changed, ["sent"], batch_size=500)


def _refused_may_name(person: Person) -> Q:
    digests = {one.removeprefix(SHA1) for one in _identifiers_of(person) if one.startswith(SHA1)}
    return containing(["sent", "reason"], person.unmistakable | {person.key} | digests)


def _names(person: Person, sent: str) -> bool:
    statement = json.loads(sent)
    if any(_is_of(person, one) for one in mentions_of(statement, Said()).agents):
        return True
    return person.is_named_in(json.dumps(statement, ensure_ascii=False))


@found_once
def _naming(person: Person) -> dict[type[Model], list[int]]:
    """Return the documents and attached texts that name the person; each is read."""
    texts = Q(content_type__startswith="text/") | Q(content_type__contains="json")
    attachments = Attachment.objects.filter(texts).annotate(key=Value("", TextField()))
    searched: list[QuerySet[Any]] = [attachments, *map(QuerySet, DOCUMENTS)]
    first, *others = (
        rows.order_by().annotate(at=Value(at)).values_list("at", "pk", "key", "content")
        for at, rows in enumerate(searched)
    )
    found: dict[type[Model], list[int]] = {rows.model: [] for rows in searched}
    for at, pk, key, content in first.union(*others, all=True).iterator():
        if person.is_named_in(f"{key}\n{_letters_of(bytes(content))}"):
            found[searched[at].model].append(pk)
    return found


def _letters_of(content: bytes) -> str:
    text = content.decode(errors="replace")
    if "\\u" in text:
        try:
            return json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            return text
    return text


def _states_of(person: Person) -> QuerySet[State]:
    named = ids_in(_naming(person)[State])
    return State.objects.filter(
        Q(agent__in=_agents_of(person)) | Q(activity__in=_activities_of(person)) | Q(pk__in=named)
    )


def _agent_profiles_of(person: Person) -> QuerySet[AgentProfile]:
    named = ids_in(_naming(person)[AgentProfile])
    return AgentProfile.objects.filter(Q(agent__in=_agents_of(person)) | Q(pk__in=named))


def _activity_profiles_of(person: Person) -> QuerySet[ActivityProfile]:
    named = ids_in(_naming(person)[ActivityProfile])
    return ActivityProfile.objects.filter(Q(activity__in=_activities_of(person)) | Q(pk__in=named))


def _attachments_of(person: Person) -> QuerySet[Attachment]:
    """Find what came with statements about the person, and texts that name them."""
    named = ids_in(_naming(person)[Attachment])
    return Attachment.objects.filter(Q(statement__in=_statements_of(person)) | Q(pk__in=named))


# what is found by the statements before these, and those before the agents
holds_personal_data(Attachment, _attachments_of, ("content_type", "content"), action=Action.DELETE)
holds_personal_data(
    Target,
    lambda person: Target.objects.filter(statement__in=_statements_of(person)),
    action=Action.DELETE,
)
holds_personal_data(
    Statement,
    _statements_of,
    ("sent", "timestamp", "stored"),
    action=Action.DELETE,
    by=_delete_statements,
)
holds_personal_data(
    AgentMention,
    lambda person: AgentMention.objects.filter(agent__in=_agents_of(person)),
    action=Action.DELETE,
)
holds_personal_data(
    ActivityMention,
    lambda person: ActivityMention.objects.filter(activity__in=_activities_of(person)),
    action=Action.DELETE,
)
holds_personal_data(State, _states_of, ("key", "content"), action=Action.DELETE)
holds_personal_data(AgentProfile, _agent_profiles_of, ("key", "content"), action=Action.DELETE)
holds_personal_data(
    ActivityProfile, _activity_profiles_of, ("key", "content"), action=Action.DELETE
)
holds_personal_data(
    RefusedStatement,
    by_texts(RefusedStatement, _refused_may_name, "sent", names=_names),
    ("sent", "reason"),
    action=Action.DELETE,
)
holds_personal_data(Agent, _agents_of, ("key", "names"), action=Action.DELETE)
holds_personal_data(Activity, _activities_of, ("key", "definition"), action=Action.DELETE)
holds_no_personal_data(Verb, SenderRules, reason=_("Identifiers of verbs, and settings."))
holds_no_personal_data(ErasedStatement, reason=_("Ids of erased statements, and nothing else."))
may_name_people(Statement, "sent")
may_name_people(Agent, "names")
may_name_people(Activity, "definition")
may_name_people(Verb, "display")

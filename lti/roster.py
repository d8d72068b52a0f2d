"""Read who is in a course of an LMS (Names and Role Provisioning Services 2.0).

The roster gives learners their names, instructors who left lose their grants, and where staff say
so, whoever is new starts the course here.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from django.db import transaction
from django.utils.translation import gettext
from joserfc import jwt

from core.database.id_lists import ids_in
from curriculum.models import Enrollment, Learner
from intake.events.senders import Sender
from intake.receiving.receive import receive
from lti import grants
from lti.accounts_of_members import learner_key
from lti.models import Context, Member, Participation, Platform
from lti.protocol import tool_keys
from lti.protocol.claims import ROSTER_SCOPE, Person, member_of

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30
TOKEN_SECONDS = 300
# people per page that is asked for, and per statement
PAGE = 1_000
PART = 500
MAX_PAGES = 500
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class RosterError(Exception):
    """The roster could not be read; the text says why, for staff."""


def read_rosters(now: datetime) -> int:
    """Read the rosters of all connected courses; return how many could be read."""
    connected = Context.objects.filter(course__isnull=False, platform__is_active=True).exclude(
        memberships_url=""
    )
    done = 0
    for context in connected.select_related("platform", "course", "run"):
        try:
            read_roster(context, now)
        except RosterError as error:
            logger.warning("The roster of LMS course %s: %s", context.pk, error)
        else:
            done += 1
    return done


def read_roster(context: Context, now: datetime) -> int:
    """Read one roster and follow it; return how many people are in it.

    RosterError if the LMS does not give it whole: then nothing changes but the stored reason.
    """
    try:
        people = _people(context)
    except RosterError as error:
        context.roster_error = str(error)[:500]
        context.save(update_fields=["roster_error"])
        raise
    with transaction.atomic():
        _follow(context, people)
        context.roster_read_at, context.roster_error = now, ""
        context.save(update_fields=["roster_read_at", "roster_error"])
    if context.enrolls:
        _enroll(context, people, now)
    return len(people)


def _people(context: Context) -> list[Person]:
    """Fetch all pages of the roster; whoever is on two of them counts once."""
    if not context.memberships_url or not context.platform.token_url:
        raise RosterError(gettext("The LMS offers no roster: set the access token URL there."))
    session = requests.Session()
    credential = f"Bearer {_token(context.platform)}"  # not translated: a header
    session.headers.update({"Authorization": credential, "Accept": MEDIA_TYPE})
    found: dict[str, Person] = {}
    for body in _pages(context, session):
        members = body.get("members")
        if not isinstance(members, list):
            raise RosterError(gettext("The LMS’s answer is no roster: members is missing."))
        for entry in members:
            person = member_of(entry) if isinstance(entry, dict) else None
            if person:
                found[person.subject] = person
    return list(found.values())


def _pages(context: Context, session: requests.Session) -> Iterator[dict[str, Any]]:
    url = context.memberships_url
    url += f"{'&' if '?' in url else '?'}limit={PAGE}"
    for _ in range(MAX_PAGES):
        # the token goes to hosts of this LMS only
        if urlsplit(url).hostname not in context.platform.hosts:
            raise RosterError(
                gettext("The roster is at %(host)s, which is no address of this LMS.")
                % {"host": urlsplit(url).hostname}
            )
        response = _sent(lambda at=url: session.get(at, timeout=TIMEOUT_SECONDS))
        yield _json(response)
        following = response.links.get("next", {}).get("url")
        if not following:
            return
        url = following
    raise RosterError(gettext("The roster has more than %(pages)s pages.") % {"pages": MAX_PAGES})


def _token(platform: Platform) -> str:
    """Get an access token by a signed assertion (1EdTech Security Framework 1.0, 4.1)."""
    now = int(time.time())
    key = tool_keys.signing_key()
    claims = {
        "iss": platform.client_id,
        "sub": platform.client_id,
        "aud": platform.token_url,
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "jti": uuid.uuid4().hex,
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key),
        "scope": ROSTER_SCOPE,
    }
    body = _json(_sent(lambda: requests.post(platform.token_url, form, timeout=TIMEOUT_SECONDS)))
    token = body.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise RosterError(gettext("The LMS’s answer has no access_token."))
    return token


def _sent(send: Any) -> requests.Response:
    try:
        response: requests.Response = send()
    except requests.RequestException as error:
        raise RosterError(
            gettext("The LMS does not answer (%(error)s).") % {"error": type(error).__name__}
        ) from error
    if not response.ok:
        raise RosterError(
            gettext("The LMS answered %(status)s. Does it allow this site to read rosters?")
            % {"status": response.status_code}
        )
    return response


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as error:
        raise RosterError(gettext("The LMS’s answer is no JSON.")) from error
    return body if isinstance(body, dict) else {}


def _follow(context: Context, people: list[Person]) -> None:
    """Store members and roles as the roster has them, and the grants that follow."""
    seen: list[int] = []
    for some in _parts(people):
        members = _members(context.platform, some)
        _link_learners(context.platform, some, members)
        _store_roles(context, some, members)
        seen += [one.pk for one in members.values()]
    context.participations.exclude(member__in=ids_in(seen)).update(
        is_instructor=False, is_learner=False
    )
    grants.follow_roles(context)


def _members(platform: Platform, people: list[Person]) -> dict[str, Member]:
    """Return the members by the LMS's user id; those who are new are created."""
    subjects = [one.subject for one in people]
    Member.objects.bulk_create(
        (Member(platform=platform, subject=one) for one in subjects), ignore_conflicts=True
    )
    found = Member.objects.filter(platform=platform, subject__in=subjects)
    return {one.subject: one for one in found}


def _store_roles(context: Context, people: list[Person], members: dict[str, Member]) -> None:
    Participation.objects.bulk_create(
        (
            Participation(
                context=context,
                member=members[one.subject],
                is_instructor=one.is_instructor,
                is_learner=one.is_learner,
            )
            for one in people
        ),
        update_conflicts=True,
        update_fields=["is_instructor", "is_learner"],
        unique_fields=["context", "member"],
    )


def _link_learners(platform: Platform, people: list[Person], members: dict[str, Member]) -> None:
    """Link members with learners by the key that events use, and add names that are missing."""
    keys = {one: key for one in people if one.is_learner and (key := learner_key(platform, one))}
    Learner.objects.create_missing(set(keys.values()))
    learners = {one.key: one for one in Learner.objects.filter(key__in=set(keys.values()))}
    named, linked = [], []
    for person, key in keys.items():
        learner, member = learners[key], members[person.subject]
        if (person.name and not learner.name) or (person.email and not learner.email):
            learner.name = learner.name or person.name
            learner.email = learner.email or person.email
            named.append(learner)
        if member.learner_id is None:
            member.learner = learner
            linked.append(member)
    Learner.objects.bulk_update(named, ["name", "email"])
    Member.objects.bulk_update(linked, ["learner"])


def _enroll(context: Context, people: list[Person], now: datetime) -> None:
    """Start the course for learners of the roster who are not in it yet."""
    for some in _parts(people):
        keys = {learner_key(context.platform, one) for one in some if one.is_learner} - {""}
        if events := _sign_ups(context, keys, now):
            receive(events, Sender(f"lti {context.platform_id}"), now=now)  # not translated: a name


def _sign_ups(context: Context, keys: set[str], now: datetime) -> list[dict[str, str]]:
    course, run = context.course, context.run
    if course is None:
        return []
    there = Enrollment.objects.filter(run__course=course, learner__key__in=keys)
    there = there.filter(run=run) if run else there
    missing = sorted(keys - set(there.values_list("learner__key", flat=True)))
    return [
        {
            "id": f"roster-{context.pk}-{key}",
            "kind": "enrollment.started",
            "occurred_at": now.isoformat(),
            "learner": key,
            "course": course.key,
            **({"run": run.key} if run else {}),
        }
        for key in missing
    ]


def _parts(people: list[Person]) -> Iterator[list[Person]]:
    for at in range(0, len(people), PART):
        yield people[at : at + PART]

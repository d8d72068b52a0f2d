"""The names of LTI 1.3's claims and roles, and what a verified message says in them.

Source: 1EdTech, Learning Tools Interoperability Core Specification 1.3, sections 5 and A.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
ROSTER_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
ROSTER_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
# the simple names are deprecated and still sent
INSTRUCTORS = {"Instructor", f"{MEMBERSHIP}#Instructor"}
LEARNERS = {"Learner", "Student", f"{MEMBERSHIP}#Learner"}


@dataclass(frozen=True)
class Person:
    """A person as an LMS describes them; what it keeps to itself is empty."""

    subject: str
    name: str
    email: str
    sourced_id: str
    is_instructor: bool
    is_learner: bool


@dataclass(frozen=True)
class Launch:
    """Who opens what: the content of a verified message."""

    person: Person
    deployment_id: str
    context_key: str
    context_title: str
    context_label: str
    memberships_url: str


def launch_of(claims: dict[str, Any]) -> Launch:
    context, roster = _part(claims, CLAIM + "context"), _part(claims, ROSTER_CLAIM)
    lis = _part(claims, CLAIM + "lis")
    roles = _roles(claims.get(CLAIM + "roles"))
    return Launch(
        person=_person(claims["sub"], claims, roles, text(lis.get("person_sourcedid"))),
        deployment_id=text(claims.get(CLAIM + "deployment_id")),
        context_key=text(context.get("id")),
        context_title=text(context.get("title")),
        context_label=text(context.get("label")),
        memberships_url=text(roster.get("context_memberships_url"), 1_000),
    )


def member_of(entry: dict[str, Any]) -> Person | None:
    """Return an active member of a roster; None for others and for entries without an id."""
    subject = text(entry.get("user_id"))
    if not subject or text(entry.get("status")) not in ("", "Active"):
        return None
    roles = _roles(entry.get("roles"))
    return _person(subject, entry, roles, text(entry.get("lis_person_sourcedid")))


def _person(subject: Any, found: dict[str, Any], roles: set[str], sourced_id: str) -> Person:
    full = " ".join(filter(None, (text(found.get("given_name")), text(found.get("family_name")))))
    return Person(
        subject=text(subject),
        name=(text(found.get("name")) or full)[:200],
        email=text(found.get("email"), 254).lower(),
        sourced_id=sourced_id,
        # sub-roles such as …/membership/Instructor#TeachingAssistant come with the role itself;
        # Canvas and Moodle leave it out for assistants
        is_instructor=any(
            one in INSTRUCTORS or one.startswith(f"{MEMBERSHIP}/Instructor#") for one in roles
        ),
        is_learner=any(
            one in LEARNERS or one.startswith(f"{MEMBERSHIP}/Learner#") for one in roles
        ),
    )


def _part(claims: dict[str, Any], name: str) -> dict[str, Any]:
    found = claims.get(name)
    return found if isinstance(found, dict) else {}


def _roles(found: Any) -> set[str]:
    return {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()


def text(value: Any, longest: int = 255) -> str:
    """Return a text that the database can hold; empty for anything else."""
    return value.strip()[:longest] if isinstance(value, str) and "\0" not in value else ""

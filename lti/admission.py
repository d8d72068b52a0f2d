"""Admit somebody who opens this site in an LMS: who they are, what they may see, where they go."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import User
from curriculum.models import Learner
from lti import grants
from lti.accounts_of_members import account_of, learner_key
from lti.models import Context, Member, Participation, Platform
from lti.protocol.claims import Launch, Person
from lti.protocol.errors import LaunchRefused
from lti.protocol.id_token import use_once


class Admitted(NamedTuple):
    account: User
    # the address of the first page
    url: str


class NotConnectedYet(LaunchRefused):
    """Staff have not said yet which course this is; they see that it waits."""


def admit(platform: Platform, launch: Launch, nonce: str) -> Admitted:
    """Store who opens what, and return the account and the page.

    LaunchRefused or MustConnect if there is nothing to see; what was stored stays.
    """
    with transaction.atomic():
        use_once(nonce)
        context = _context(platform, launch)
        member = _member(platform, launch.person)
        participation = _participation(context, member, launch.person)
    person = launch.person
    if not (person.is_instructor or person.is_learner):
        with transaction.atomic():
            grants.follow_roles(context, [member.pk])
        raise LaunchRefused(
            gettext(
                "Your role in this course of the LMS opens no page here: only instructors and"
                " learners can open one."
            )
        )
    with transaction.atomic():
        account = account_of(member, person)
        grants.follow_roles(context, [member.pk])
    return Admitted(account, page_of(context, participation))


def page_of(context: Context, participation: Participation) -> str:
    """Return the dashboard of the course for instructors, and their own progress for learners."""
    if not participation.is_instructor:
        return reverse("learners:progress")
    if context.course is None:
        raise NotConnectedYet(
            gettext(
                "“%(course)s” is not connected with a course here yet. The staff see that it"
                " waits; try again later."
            )
            % {"course": context},
            log=f"LMS course {context.pk} waits to be connected",  # not translated: a log
        )
    query = {"course": context.course.key}
    if context.run:
        query["run"] = context.run.key
    return f"{reverse('dashboard:dashboard')}?{urlencode(query)}"


def _context(platform: Platform, launch: Launch) -> Context:
    if not launch.context_key:
        raise LaunchRefused(
            gettext("The LMS does not say which course this is. Open the page from a course.")
        )
    said = {
        "title": launch.context_title,
        "label": launch.context_label,
        "memberships_url": launch.memberships_url,
    }
    context, is_new = Context.objects.select_related("course", "run").get_or_create(
        platform=platform,
        deployment_id=launch.deployment_id,
        key=launch.context_key,
        defaults=said,
    )
    changed = [name for name, value in said.items() if value and getattr(context, name) != value]
    if not is_new and changed:
        for name in changed:
            setattr(context, name, said[name])
        context.save(update_fields=changed)
    return context


def _member(platform: Platform, person: Person) -> Member:
    known = Member.objects.select_for_update(of=("self",)).select_related("account", "learner")
    member, _ = known.get_or_create(platform=platform, subject=person.subject)
    member.platform = platform
    if person.is_learner and member.learner is None:
        member.learner = _learner(platform, person)
        member.save(update_fields=["learner"])
    return member


def _learner(platform: Platform, person: Person) -> Learner | None:
    key = learner_key(platform, person)
    if not key:
        return None
    Learner.objects.create_missing([key])
    learner = Learner.objects.select_related("user").get(key=key)
    told = {"name": person.name, "email": person.email}
    missing = [name for name, value in told.items() if value and not getattr(learner, name)]
    for name in missing:
        setattr(learner, name, told[name])
    if missing:
        learner.save(update_fields=missing)
    return learner


def _participation(context: Context, member: Member, person: Person) -> Participation:
    participation, _ = Participation.objects.update_or_create(
        context=context,
        member=member,
        defaults={"is_instructor": person.is_instructor, "is_learner": person.is_learner},
    )
    return participation

"""By whom learners came: claims are kept as they are told, and settled for each course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from business.models import Referral, RememberedCode
from business.referral_codes import REMEMBERED_FOR, normalize_code, owners
from core import bulk_upsert, external_keys
from core.external_keys import ids_by_key
from core.locks import lock_to_write
from curriculum.models import Enrollment, Learner
from intake.models import Event
from kpis.recompute import stale_days

REFERRAL = "business.referral"
ORDER = ("accepted_at", "code", "run_key")
COLUMNS = ("learner_id", "course_id", "run_key", "code", "accepted_at", "refused")

# a learner and a course
Pair = tuple[int, int]
# learner, course, run, code
Claim = tuple[int, int, str, str]


def accept(events: Sequence[Event]) -> None:
    """A learner came to a course by a code (`referral.accepted`)."""
    learners = _learners(events)
    _claim(
        ((learners[one.learner], one.course_id or 0, one.run_key, one.data["code"]), one)
        for one in events
    )


def start(events: Sequence[Event]) -> None:
    """A learner enrolled: by the code that was told, else by one remembered for them."""
    learners = _learners(events)
    remembered = _remembered(learners.values())
    claims = []
    for event in events:
        learner = learners[event.learner]
        code = event.data.get("referral_code") or _waiting(remembered[learner], event.occurred_at)
        if code:
            claims.append(((learner, event.course_id or 0, event.run_key, code), event))
    _claim(claims)


def _learners(events: Sequence[Event]) -> dict[str, int]:
    keys = {event.learner for event in events}
    return ids_by_key(Learner, keys)


def _remembered(learners: Iterable[int]) -> dict[int, list[RememberedCode]]:
    found: dict[int, list[RememberedCode]] = defaultdict(list)
    for one in RememberedCode.objects.filter(learner__in=learners).order_by("remembered_at"):
        found[one.learner_id].append(one)
    return found


def _waiting(remembered: Sequence[RememberedCode], at: datetime) -> str:
    """The first code that waits at this moment; empty when none does."""
    waiting = (one.code for one in remembered if at - REMEMBERED_FOR < one.remembered_at <= at)
    return next(waiting, "")


def _claim(claims: Iterable[tuple[Claim, Event]]) -> None:
    """Keep claims; of two that say the same the earlier stands."""
    rows: dict[Claim, datetime] = {}
    for (learner, course, run, code), event in claims:
        key = (learner, course, run, normalize_code(code))
        rows[key] = min(event.occurred_at, rows.get(key, event.occurred_at))
    if not rows:
        return
    with lock_to_write("business"):
        if not Referral.objects.exists():
            _mark_all()
        bulk_upsert.upsert(
            Referral,
            COLUMNS,
            [(*key, rows[key], "") for key in sorted(rows)],
            conflict="learner_id, course_id, run_key, code",
            merge={"accepted_at": "smaller"},
        )
        settle({(learner, course) for learner, course, _, _ in rows})


def learn_codes(codes: Collection[str]) -> None:
    """Somebody invites by these codes: claims by them have an owner now, or another."""
    pairs = Referral.objects.filter(code__in=codes).values_list("learner_id", "course_id")
    with lock_to_write("business"):
        settle(set(pairs))


def settle(pairs: Collection[Pair]) -> None:
    """Decide which claim of a learner and course stands for which enrolment."""
    if not pairs:
        return
    claims = _by_pair(Referral.objects.filter(**_of(pairs)).order_by(*ORDER), pairs)
    enrolled = _entered(pairs)
    owner = owners({one.code for some in claims.values() for one in some})
    people = Learner.objects.in_bulk([*owner.values(), *(learner for learner, _ in pairs)])
    changed = []
    for pair, some in claims.items():
        before = [_decision(one) for one in some]
        _decide(some, enrolled[pair], owner, people)
        changed += [one for one, was in zip(some, before, strict=True) if _decision(one) != was]
        _mark(enrolled[pair], before, some)
    # two claims may change places
    Referral.objects.filter(pk__in=[one.pk for one in changed]).update(enrollment=None)
    Referral.objects.bulk_update(changed, ["enrollment", "referrer", "refused"], batch_size=500)


def _of(pairs: Collection[Pair]) -> dict[str, Any]:
    return {
        "learner__in": {learner for learner, _ in pairs},
        "course__in": {course for _, course in pairs},
    }


def _by_pair(rows: Iterable[Referral], pairs: Collection[Pair]) -> dict[Pair, list[Referral]]:
    found: dict[Pair, list[Referral]] = defaultdict(list)
    for one in rows:
        if (pair := (one.learner_id, one.course_id)) in pairs:
            found[pair].append(one)
    return found


def _entered(pairs: Collection[Pair]) -> dict[Pair, list[Enrollment]]:
    wanted = _of(pairs)
    rows = Enrollment.objects.filter(
        learner__in=wanted["learner__in"], run__course__in=wanted["course__in"]
    )
    found: dict[Pair, list[Enrollment]] = defaultdict(list)
    for one in rows.select_related("run").order_by("enrolled_at", "run__key"):
        found[one.learner_id, one.run.course_id].append(one)
    return found


def _decide(
    claims: Sequence[Referral],
    enrollments: Sequence[Enrollment],
    owner: Mapping[str, int],
    people: Mapping[int, Learner],
) -> None:
    taken: set[int] = set()
    for one in claims:
        one.referrer_id = owner.get(one.code)
        meant = _meant(one, enrollments)
        one.refused = _refusal(one, meant, taken, people)
        one.enrollment_id = None if one.refused or meant is None else meant.pk
        taken |= {one.enrollment_id} if one.enrollment_id else set()


def _meant(claim: Referral, enrollments: Sequence[Enrollment]) -> Enrollment | None:
    """The enrolment in the run told; else the first from that moment on, or the last before."""
    if claim.run_key:
        return next((one for one in enrollments if one.run.key == claim.run_key), None)
    after = (one for one in enrollments if one.enrolled_at >= claim.accepted_at)
    return next(after, enrollments[-1] if enrollments else None)


def _refusal(
    claim: Referral, meant: Enrollment | None, taken: set[int], people: Mapping[int, Learner]
) -> str:
    if claim.referrer_id is None:
        return Referral.Refused.UNKNOWN
    if _are_one(people[claim.referrer_id], people[claim.learner_id]):
        return Referral.Refused.SELF
    if meant is None:
        return Referral.Refused.NOT_ENROLLED
    return Referral.Refused.LATER if meant.pk in taken else ""


def _are_one(one: Learner, other: Learner) -> bool:
    """The same learner, or two with one e-mail address, which may be a key."""
    return one.pk == other.pk or bool(_addresses(one) & _addresses(other))


def _addresses(learner: Learner) -> set[str]:
    return {mailbox_of(text) for text in (learner.email, learner.key) if "@" in text}


def mailbox_of(address: str) -> str:
    """Where mail to an address arrives: what follows a plus is a label, and so is a Gmail dot."""
    local, _, host = external_keys.normalize_key(address).rpartition("@")
    local = local.partition("+")[0] or local
    if host in ("gmail.com", "googlemail.com"):
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{host}"


def _decision(one: Referral) -> tuple[int | None, int | None, str]:
    return one.enrollment_id, one.referrer_id, one.refused


def _mark(
    enrollments: Sequence[Enrollment],
    before: Sequence[tuple[int | None, int | None, str]],
    after: Sequence[Referral],
) -> None:
    came = {pk for pk, _, _ in before} ^ {one.enrollment_id for one in after}
    stale_days.mark_moments_stale(
        REFERRAL, ((one.run.course_id, one.started_at) for one in enrollments if one.pk in came)
    )


def reset(course_ids: Collection[int]) -> None:
    """Delete the claims on these courses; there are none without a course."""
    _forget(Referral.objects.filter(course__in=course_ids))


def forget(pairs: Collection[tuple[str, int]]) -> None:
    """Delete the claims of these learners (by key) and courses."""
    learners, courses = {learner for learner, _ in pairs}, {course for _, course in pairs}
    if pairs:
        _forget(Referral.objects.filter(learner__key__in=learners, course__in=courses))


def _forget(rows: QuerySet[Referral]) -> None:
    stood = rows.filter(enrollment__isnull=False).order_by()
    stale_days.mark_moments_stale(
        REFERRAL, stood.values_list("course_id", "enrollment__started_at").distinct()
    )
    rows.delete()
    if not Referral.objects.exists():
        _mark_all()


def _mark_all() -> None:
    """The first referral makes a figure of every day, and without any there is none."""
    starts = Enrollment.objects.order_by().values_list("run__course_id", "started_at")
    stale_days.mark_moments_stale(REFERRAL, starts.distinct().iterator())

"""Store reported referrals, and decide for each learner and course which of them count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import F, QuerySet

from business.models import Referral, RememberedCode
from business.referral_codes import REMEMBERED_FOR, owners
from core import external_keys
from core.changes import Changes
from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, given_ids
from core.database.locks import lock_to_write
from core.external_keys import ids_by_key
from core.readable_codes import normalize_code
from curriculum.models import Enrollment, Learner
from intake.event_batch import EventBatch
from intake.models import Event

BATCH_SIZE = 5_000
ORDER = ("accepted_at", "code", "run_key")
COLUMNS = ("learner_id", "course_id", "run_key", "code", "accepted_at", "rejected")

# learner id and course id
Pair = tuple[int, int]
# learner id, course id, key of the run, and code
Referred = tuple[int, int, str, str]


def add_referrals(batch: EventBatch) -> None:
    """Store the referrals that `referral.accepted` events report."""
    learners = _learners(batch.events)
    reported = [
        ((learners[one.learner], one.course_id or 0, one.run_key, one.data["code"]), one)
        for one in batch.events
    ]
    _store(reported, batch.changes)


def add_of_enrollments(batch: EventBatch) -> None:
    """Store the referrals of new enrollments: by the reported code, else by a remembered one."""
    learners = _learners(batch.events)
    remembered = _remembered_codes(learners.values())
    reported = []
    for event in batch.events:
        learner = learners[event.learner]
        code = event.data.get("referral_code")
        if code := code or _remembered_code(remembered[learner], event.occurred_at):
            reported.append(((learner, event.course_id or 0, event.run_key, code), event))
    _store(reported, batch.changes)


def _learners(events: Sequence[Event]) -> dict[str, int]:
    return ids_by_key(Learner, {event.learner for event in events})


REMEMBERED = CompiledQuery(
    RememberedCode.objects.filter(learner__in=given_ids("learners"))
    .order_by("remembered_at")
    .values_list("learner_id", "code", "remembered_at")
)


def _remembered_codes(learners: Iterable[int]) -> dict[int, list[tuple[str, datetime]]]:
    found: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    for learner, code, at in REMEMBERED.run(learners=learners):
        found[learner].append((code, at))
    return found


def _remembered_code(remembered: Sequence[tuple[str, datetime]], at: datetime) -> str:
    """The first code remembered at that moment; empty without one."""
    codes = (code for code, since in remembered if at - REMEMBERED_FOR < since <= at)
    return next(codes, "")


def _store(reported: Iterable[tuple[Referred, Event]], changes: Changes) -> None:
    """Store referrals, and decide on them; of two equal ones the earlier moment counts."""
    rows: dict[Referred, datetime] = {}
    for (learner, course, run, code), event in reported:
        key = (learner, course, run, normalize_code(code))
        rows[key] = min(event.occurred_at, rows.get(key, event.occurred_at))
    if not rows:
        return
    with lock_to_write("business"):
        if not Referral.objects.exists():
            _mark_all_stale(changes)
        pairs = {(learner, course) for learner, course, _, _ in rows}
        stored = Referral.objects.filter(
            learner__in={learner for learner, _ in pairs}, course__in={of for _, of in pairs}
        )
        changes.changed(stored)
        bulk_upsert.upsert(
            Referral,
            COLUMNS,
            [(*key, rows[key], "") for key in sorted(rows)],
            conflict="learner_id, course_id, run_key, code",
            merge={"accepted_at": "smaller"},
        )
        resolve(pairs, changes)
        changes.changed(stored)


def resolve_codes(codes: Collection[str], changes: Changes) -> None:
    """Decide again on the referrals by these codes, whose owners may have changed."""
    pairs = Referral.objects.filter(code__in=codes).values_list("learner_id", "course_id")
    with lock_to_write("business"):
        resolve(set(pairs), changes)


REFERRED = CompiledQuery(
    Enrollment.objects.filter(
        pk__in=given_ids("enrollments"), learner__referrals__course=F("run__course")
    )
    .order_by()
    .values_list("learner_id", "run__course_id")
)


def resolve_of(ids: Sequence[int], changes: Changes) -> None:
    """Decide again on the referrals of these enrollments' learners and courses."""
    pairs = sorted(set(REFERRED.run(enrollments=ids)))
    for at in range(0, len(pairs), BATCH_SIZE):
        resolve(set(pairs[at : at + BATCH_SIZE]), changes)


def resolve(pairs: Collection[Pair], changes: Changes) -> None:
    """Decide which referrals of these learners and courses count for which enrollment."""
    if not pairs:
        return
    referrals = _referrals(pairs)
    enrollments = _enrollments(pairs)
    owner = owners({one.code for some in referrals.values() for one in some})
    people = Learner.objects.in_bulk([*owner.values(), *(learner for learner, _ in pairs)])
    changed = []
    for pair, some in referrals.items():
        before = [_decision(one) for one in some]
        _decide(some, enrollments[pair], owner, people)
        changed += [one for one, was in zip(some, before, strict=True) if _decision(one) != was]
    rows = Referral.objects.filter(pk__in=[one.pk for one in changed])
    changes.changed(rows)
    # in two steps, because two referrals may swap their enrollments
    rows.update(enrollment=None)
    Referral.objects.bulk_update(changed, ["enrollment", "referrer", "rejected"], batch_size=500)
    changes.changed(rows)


def _referrals(pairs: Collection[Pair]) -> dict[Pair, list[Referral]]:
    found: dict[Pair, list[Referral]] = defaultdict(list)
    learners, courses = {learner for learner, _ in pairs}, {course for _, course in pairs}
    rows = Referral.objects.filter(learner__in=learners, course__in=courses)
    for one in rows.order_by(*ORDER):
        if (pair := (one.learner_id, one.course_id)) in pairs:
            found[pair].append(one)
    return found


def _enrollments(pairs: Collection[Pair]) -> dict[Pair, list[Enrollment]]:
    found: dict[Pair, list[Enrollment]] = defaultdict(list)
    learners, courses = {learner for learner, _ in pairs}, {course for _, course in pairs}
    rows = Enrollment.objects.filter(learner__in=learners, run__course__in=courses)
    for one in rows.select_related("run").order_by("enrolled_at", "run__key"):
        found[one.learner_id, one.run.course_id].append(one)
    return found


def _decide(
    referrals: Sequence[Referral],
    enrollments: Sequence[Enrollment],
    owner: Mapping[str, int],
    people: Mapping[int, Learner],
) -> None:
    """Set the referrer, the enrollment and the reason for rejection of each referral in order."""
    referred: set[int] = set()
    for one in referrals:
        one.referrer_id = owner.get(one.code)
        enrollment = _enrollment_of(one, enrollments)
        one.rejected = _reason_for_rejection(one, enrollment, referred, people)
        one.enrollment_id = None if one.rejected or enrollment is None else enrollment.pk
        referred |= {one.enrollment_id} if one.enrollment_id else set()


def _enrollment_of(referral: Referral, enrollments: Sequence[Enrollment]) -> Enrollment | None:
    """The enrollment in the referral's run; without a run, the next one, else the last before."""
    if referral.run_key:
        return next((one for one in enrollments if one.run.key == referral.run_key), None)
    after = (one for one in enrollments if one.enrolled_at >= referral.accepted_at)
    return next(after, enrollments[-1] if enrollments else None)


def _reason_for_rejection(
    referral: Referral,
    enrollment: Enrollment | None,
    referred: set[int],
    people: Mapping[int, Learner],
) -> str:
    """The reason why the referral does not count; empty if it counts."""
    if referral.referrer_id is None:
        return Referral.Rejected.UNKNOWN
    if _is_same_person(people[referral.referrer_id], people[referral.learner_id]):
        return Referral.Rejected.SELF
    if enrollment is None:
        return Referral.Rejected.NOT_ENROLLED
    return Referral.Rejected.LATER if enrollment.pk in referred else ""


def _is_same_person(one: Learner, other: Learner) -> bool:
    """True for one learner, or two with the same e-mail address, which may be a key."""
    return one.pk == other.pk or bool(_addresses(one) & _addresses(other))


def _addresses(learner: Learner) -> set[str]:
    return {mailbox_of(text) for text in (learner.email, learner.key) if "@" in text}


def mailbox_of(address: str) -> str:
    """Normalize an address to its mailbox: drop what follows a plus and, at Gmail, the dots."""
    local, _, host = external_keys.normalize_key(address).rpartition("@")
    local = local.partition("+")[0] or local
    if host in ("gmail.com", "googlemail.com"):
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{host}"


def _decision(one: Referral) -> tuple[int | None, int | None, str]:
    return one.enrollment_id, one.referrer_id, one.rejected


def delete_of_courses(course_ids: Collection[int], changes: Changes) -> None:
    """Delete the referrals to these courses; there are none without a course."""
    _delete(Referral.objects.filter(course__in=course_ids), changes)


def delete_of_learners(pairs: Collection[tuple[str, int]], changes: Changes) -> None:
    """Delete the referrals of these learners (keys) and courses (ids)."""
    learners, courses = {learner for learner, _ in pairs}, {course for _, course in pairs}
    if pairs:
        _delete(Referral.objects.filter(learner__key__in=learners, course__in=courses), changes)


def _delete(rows: QuerySet[Referral], changes: Changes) -> None:
    rows = rows.filter(has_purged_event=False)
    changes.changed(rows)
    rows.delete()
    if not Referral.objects.exists():
        _mark_all_stale(changes)


def _mark_all_stale(changes: Changes) -> None:
    """Mark all start days: the first referral gives them a value, deleting the last takes it."""
    changes.changed_through(Referral, Enrollment.objects.all())

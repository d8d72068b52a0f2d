"""Whatever changes a fact marks its days stale, for a KPI on any date that can be declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Count, F, Model, QuerySet

from accounts.tests.people import course, run_of
from business.models import Invitation as Invited
from business.models import Payment, Referral, Subscription
from core.changes import REPORTED, gathered
from curriculum.models import Course, Enrollment, Learner, Pause
from curriculum.signals import learners_changed
from engagement.models import AssessmentResult, ModuleProgress
from intake.events.senders import Sender
from intake.models import Event as StoredEvent
from intake.receiving.corrections import retract_events
from intake.receiving.receive import receive
from intake.replay import replay_events
from kpis.definitions import units
from kpis.definitions.declared_facts import facts_declared
from kpis.definitions.facts import Ratio
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import StaleDay
from kpis.recompute.stale_days import day_of
from kpisite.tests import worlds
from kpisite.tests.test_incremental import BusyWorld
from kpisite.tests.worlds import COURSES, MODULES, RUNS, Event, code_of
from outcomes.models import Certificate, Invitation

pytestmark = pytest.mark.django_db

LMS = Sender("lms", creates_unknown=True)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
BUYER = {"person": "customer__learner", "people": "customer"}
PATHS: dict[type[Model], list[dict[str, str]]] = {
    Payment: [
        {"person": "customer__learner", "people": "customer"},
        {"person": "customer__learner"},
    ],
    Subscription: [{"person": "customer__learner", "people": "customer"}],
    Referral: [{}, {"person": "learner"}],
    Invited: [{"person": "learner"}],
    ModuleProgress: [{"enrollment": "planned__enrollment"}],
}
MODULE_PATHS = ("module", "planned__module", "assessment__module", "video__module", "quiz__module")
HELD = {
    Enrollment: [("started_at", "withdrawn_at"), ("enrolled_at", "completed_at")],
    Pause: [("started_at", "ended_at")],
    ModuleProgress: [("reached_at", "done_at")],
    AssessmentResult: [("graded_at", "regraded_at")],
    Certificate: [("earned_at", "revoked_at"), ("earned_at", "expires_on")],
    Invitation: [("sent_at", "dismissed_at")],
    Subscription: [("started_at", "ended_at")],
}

Step = tuple[str, Callable[[], object]]
# the course, a day, and what a row says
State = Counter[tuple[int | None, date, tuple[object, ...]]]


class WildWorld(BusyWorld):
    """A world with every kind of event about the facts."""

    def achieve(self, start: datetime, who: Event) -> None:
        super().achieve(start, who)
        for _ in range(self.random.randint(0, 6)):
            getattr(self, self.random.choice(("grade", "watch", "ask", "invite", "refer")))(
                start, who
            )
        if self.chance(0.3):
            self.send("certificate.expired", self.moment(start, 90), **who)

    def module(self) -> Event:
        return {"module": self.random.choice(MODULES)} if self.chance(0.6) else {}

    def grade(self, start: datetime, who: Event) -> None:
        data = {"attempt": self.random.randint(1, 2)}
        self.send("assessment.graded", self.moment(start, 60), **who, **self.module(),
                  object="exam", value=self.random.choice((0.3, 0.9)), data=data)  # fmt: skip

    def watch(self, start: datetime, who: Event) -> None:
        at = self.moment(start, 60)
        for kind, seconds in (("video.played", 0), ("video.paused", 30)):
            self.send(kind, at + timedelta(seconds=seconds), **who, **self.module(),
                      object="clip", value=seconds)  # fmt: skip
        if self.chance(0.3):
            self.send("quiz.attempted", at, **who, **self.module(), object="riddle")

    def ask(self, start: datetime, who: Event) -> None:
        kind = self.random.choice(("survey.sent", "survey.dismissed"))
        said = {"survey": "end", "wave": self.random.choice(("w1", "w2"))}
        self.send(kind, self.moment(start, 90), **who, data=said)

    def invite(self, start: datetime, who: Event) -> None:
        self.send("invitation.sent", self.moment(start, 60), learner=who["learner"],
                  course=who["course"], data={"code": code_of(who["learner"])})  # fmt: skip

    def refer(self, start: datetime, who: Event) -> None:
        code = self.random.choice((code_of(self.random.choice(worlds.LEARNERS)), "NOBODYS"))
        self.send("referral.accepted", self.moment(start, 60), **who, data={"code": code})


def count(rows: QuerySet[Any]) -> Ratio:
    return Ratio(total=Count("pk"), weight=Count("pk"))


def declared() -> Iterator[Indicator]:
    """Yield a KPI that counts rows for each date of each model, and for what holds for a time."""
    for model, dates in REPORTED.items():
        for at, until in [*((at, None) for at in sorted(dates)), *HELD.get(model, [])]:
            for paths in PATHS.get(model, [{}]):
                key = f"test.{model._meta.label}-{at}-{until}-{len(paths)}"
                read: dict[str, Any] = {**paths, "module": module_path(model)}
                facts = facts_declared(key, model=model, at=at, until=until, ratio=count, **read)
                yield Indicator(
                    key=key, title=key, unit=units.COUNT, help="", facts=facts, is_total=True
                )


def module_path(model: type[Model]) -> str | None:
    first = {one.name for one in model._meta.fields}
    found = [path for path in MODULE_PATHS if path.partition("__")[0] in first]
    return found[0] if found else None


@pytest.fixture
def kpis(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[Indicator]:
    settings.KPI_TIME_ZONE = "Europe/Berlin"
    for key in list(REGISTRY):
        monkeypatch.delitem(REGISTRY, key)
    made = list(declared())
    for one in made:
        monkeypatch.setitem(REGISTRY, one.key, one)
    for taught in [course(key, modules=2) for key in COURSES]:
        for run in RUNS:
            run_of(taught, run)
    return made


@pytest.mark.once
@pytest.mark.parametrize("seed", range(2))
def test_every_change_of_a_fact_marks_its_days(
    seed: int, kpis: list[Indicator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "LEARNERS", worlds.LEARNERS[:5])
    before = {one.key: state_of(one) for one in kpis}
    missed: set[tuple[str, str, str]] = set()
    for name, step in steps(WildWorld(seed)):
        StaleDay.objects.all().delete()
        step()
        marked = marked_days()
        for one in kpis:
            after = state_of(one)
            changed = (before[one.key] - after) + (after - before[one.key])
            for of, day in {(of, day) for of, day, _ in changed}:
                if not is_marked(of, day, marked[one.key]):
                    missed.add((name, one.key, f"course {of}, {day}"))
            before[one.key] = after
    assert not missed, "\n".join(sorted({f"{name}: {key}" for name, key, _ in missed}))


def steps(world: WildWorld) -> Iterator[Step]:
    """Yield batches in random order, with all that may happen in between."""
    chance, events = world.random, world.events
    size = chance.choice((7, 20, 60))
    for at in range(0, len(events), size):
        batch = events[at : at + size]
        yield "receive", lambda batch=batch: receive(batch, LMS, now=NOW)  # type: ignore[misc]
        what = chance.choice(("again", "staff", "retract", "replace", "replay", "undo", "nothing"))
        yield from between(what, events[: at + size], chance)


def between(
    what: str, sent: list[Event], chance: Any
) -> Iterator[tuple[str, Callable[[], object]]]:
    one = chance.choice(sent)
    if what == "again":
        some = chance.sample(sent, min(20, len(sent)))
        yield what, lambda: receive(some, LMS, now=NOW)
    elif what == "staff":
        key, kind = chance.choice(worlds.LEARNERS), chance.choice(Learner.Kind.values)
        yield what, lambda: becomes(key, kind)
    elif what == "retract":
        gone = {"id": one["id"], "kind": one["kind"], "correction": "retract"}
        yield what, lambda: receive([gone], LMS, now=NOW)
    elif what == "replace":
        moved = datetime.fromisoformat(one["occurred_at"]) + timedelta(days=chance.randint(-9, 9))
        other = one | {"occurred_at": moved.isoformat(), "correction": "replace"}
        yield what, lambda: receive([other], LMS, now=NOW)
    elif what == "replay":
        yield what, replay_events
    elif what == "undo":
        keys = [some["id"] for some in chance.sample(sent, min(15, len(sent)))]
        yield what, lambda: undo(keys)


def becomes(key: str, kind: str) -> None:
    """Do what the admin does: add a learner, who may be known as a customer, or change one."""
    learner = Learner.objects.filter(key=key).first()
    if learner is None:
        Learner.objects.create(key=key, kind=kind)
        return
    learner.kind = kind
    learner.save()
    learners_changed.send(Learner, ids=[learner.pk])


def undo(keys: list[str]) -> None:
    with gathered() as changes:
        events = list(StoredEvent.objects.filter(key__in=keys))
        retract_events(events, now=NOW, changes=changes)


def state_of(one: Indicator) -> State:
    """Return what the KPI's rows say on each day on which they count."""
    facts = one.facts
    assert facts
    rows = facts._counted(QuerySet(facts.model), of_everybody=False).filter(
        **{f"{facts.at}__isnull": False}
    )
    # a row that is written again may get another id; how a row ended counts only when it ends
    unsaid = ("id", "import_run", "attempts", "completed_from", "completed_before", "ended_by")
    said = [field.name for field in facts.model._meta.fields if field.name not in unsaid]
    its = {f"its_{name}": F(path) for name, path in facts.paths.items() if path}
    found: State = Counter()
    for row in rows.order_by().values(*said, **its):
        names = sorted(set(row) - {facts.at, facts.until})
        content = tuple(repr(row[name]) for name in names)
        begin = day_of(row[facts.at])
        if facts.until is None:
            found[row["its_course"], begin, (*content, row[facts.at])] += 1
            continue
        day, last = begin + timedelta(days=1), day_of(row[facts.until] or NOW)
        while day <= last:
            found[row["its_course"], day, content] += 1
            day += timedelta(days=1)
    return found


def marked_days() -> dict[str, list[tuple[int | None, date, date]]]:
    found: dict[str, list[tuple[int | None, date, date]]] = {key: [] for key in REGISTRY}
    for row in StaleDay.objects.all():
        found[row.key].append((row.course_id, row.first, row.last))
    return found


def is_marked(of: int | None, day: date, spans: list[tuple[int | None, date, date]]) -> bool:
    return any(course == of and first <= day <= last for course, first, last in spans)


def test_there_is_no_date_that_is_not_tried() -> None:
    assert len(REPORTED) > 14
    assert {Course} | set(HELD) <= set(REPORTED)

"""Rules from what a sender reports to event kinds, and the sources that declare them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from statements.occurrence import Occurrence

Condition = Callable[[Occurrence], bool]


@dataclass(frozen=True)
class Emit:
    """An event that follows: its kind, and where its fields come from (`statements/fields.py`)."""

    kind: str
    object: str = "object"
    module: str = "module"
    value: str = ""
    course: str = "course"
    run: str = "run"
    data: Mapping[str, str] = field(default_factory=dict)
    # without these fields, the event does not follow
    needs: Sequence[str] = ()


MODULE_DONE = Emit("module.completed", module="object-as-module", object="", needs=("module",))
COMPLETING = ("completed", "passed")


@dataclass(frozen=True)
class Rule:
    """What follows from a verb; `types` and `profile` narrow it, and `when` decides last.

    Without `emits`, it is known and leads to no event. With `counts_as`, it counts for the moveOn
    of a unit (`statements/move_on.py`).
    """

    verb: str
    types: Sequence[str] = ()
    emits: Sequence[Emit] = ()
    when: Condition | None = None
    profile: str = ""
    counts_as: str = ""

    @property
    def kinds(self) -> list[str]:
        """The kinds of events that may follow."""
        of_unit = [MODULE_DONE.kind] if self.counts_as in COMPLETING else []
        return [part.kind for part in self.emits] + of_unit

    def applies(self, one: Occurrence) -> bool:
        return (
            self.verb == one.verb
            and (not self.types or one.type in self.types)
            and (not self.profile or self.profile == one.profile)
            and (self.when is None or self.when(one))
        )


@dataclass(frozen=True)
class Source:
    """A sender with statements of its own shape, in the version that was looked at."""

    title: str
    version: str
    profile: str
    rules: Sequence[Rule]


def emit(verb: str, kind: str, *types: str, when: Condition | None = None, **fields: str) -> Rule:
    """Declare a rule with one event."""
    return Rule(verb, types, (Emit(kind, **fields),), when)  # type: ignore[arg-type]


def nothing(verb: str, *types: str, when: Condition | None = None) -> Rule:
    """Declare a verb from which no event follows."""
    return Rule(verb, types, (), when)


def graded(object: str = "object", attempt: str = "attempt", module: str = "module") -> Emit:  # noqa: A002 - the field's name
    """Return the event of a score, or of a pass or fail without one."""
    return Emit(
        "assessment.graded",
        object=object,
        module=module,
        value="points",
        data={"max": "max-points", "attempt": attempt},
        needs=("value", "object"),
    )


def has_score(one: Occurrence) -> bool:
    return one.score is not None


def has_no_points(one: Occurrence) -> bool:
    """True for a score without a scale, such as one out of 0 points."""
    return one.has_unusable_score


def has_segments(one: Occurrence) -> bool:
    return bool(one.segments)


def has_position(one: Occurrence) -> bool:
    return one.position is not None


def has_jump(one: Occurrence) -> bool:
    return one.jumped_from is not None


def is_part(one: Occurrence) -> bool:
    return bool(one.around)

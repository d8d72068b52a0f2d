"""cmi5: nine verbs, of an assignable unit or of the system that launched it."""

from __future__ import annotations

from statements.rules import MODULE_DONE, Emit, Rule, Source, emit, graded, nothing
from statements.vocabulary import CMI5, CMI5_BLOCK, CMI5_COURSE, COURSE, INTERACTION, adl

SATISFIED = "https://w3id.org/xapi/adl/verbs/satisfied"
ABANDONED = "https://w3id.org/xapi/adl/verbs/abandoned"
WAIVED = "https://w3id.org/xapi/adl/verbs/waived"
UNIT = Emit("module.started", module="object-as-module", object="", needs=("module",))
GRADED = graded(module="object-as-module")
WAIVE = Emit("module.waived", module="object-as-module", object="", needs=("module",))

RULES = (
    # the system launches; the learner is there once the unit is initialized
    Rule(adl("launched"), counts_as="launched"),
    Rule(adl("initialized"), (), (UNIT,), counts_as="launched"),
    Rule(adl("completed"), counts_as="completed"),
    # one attempt per statement: the best counts, so that a pass stays a pass
    Rule(adl("passed"), (), (GRADED,), counts_as="passed"),
    Rule(adl("failed"), (), (GRADED,)),
    nothing(adl("terminated")),
    Rule(ABANDONED, counts_as="abandoned"),
    Rule(WAIVED, (), (WAIVE,)),
    emit(SATISFIED, "course.completed", CMI5_COURSE, COURSE, object="", module=""),
    Rule(SATISFIED, (CMI5_BLOCK,), (MODULE_DONE,)),
    # what units may send beside
    emit(adl("progressed"), "content.viewed", value="progress", module="object-as-module"),
    emit(adl("answered"), "question.answered", INTERACTION),
    emit(adl("experienced"), "content.viewed"),
    *(nothing(adl(verb)) for verb in ("suspended", "resumed", "exited", "interacted")),
)
CMI5_SOURCE = Source("cmi5", "Quartz, as by @xapi/cmi5 1.4.0", CMI5, RULES)

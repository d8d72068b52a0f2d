"""What widely used senders mean by their statements, one file per source."""

from __future__ import annotations

from dataclasses import replace

from statements.rules import Rule, Source
from statements.sources.articulate import ARTICULATE
from statements.sources.cmi5 import CMI5_SOURCE
from statements.sources.general import GENERAL
from statements.sources.h5p import H5P
from statements.sources.moodle import MOODLE
from statements.sources.open_edx import OPEN_EDX
from statements.sources.scorm import SCORM_SOURCE
from statements.sources.videos import PLAYERS, VIDEOS

# the rules of a source apply to its own statements only; the last two apply to all
SOURCES: tuple[Source, ...] = (
    *(OPEN_EDX, MOODLE, H5P, CMI5_SOURCE, VIDEOS, SCORM_SOURCE, ARTICULATE),
    *(PLAYERS, GENERAL),
)


def built_in_rules() -> list[Rule]:
    """Return the rules of all sources, each for the profile of its source."""
    return [replace(rule, profile=source.profile) for source in SOURCES for rule in source.rules]

"""docs/statements.md and docs/caliper.md list every built-in rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from statements.models.patterns import short_name
from statements.rules import Rule, Source
from statements.sources import SOURCES
from statements.sources.caliper import CALIPER

CONDITIONS = {
    "has_score": "with a score",
    "has_no_points": "with a score without a scale",
    "has_segments": "with played segments",
    "has_position": "with a position",
    "has_jump": "with the position before the jump",
    "is_part": "inside of another activity",
    "is_part_of_problem": "inside of a problem",
}


def table_of(source: Source) -> str:
    lines = ["| Verb | Activity types | Event |", "|---|---|---|"]
    return "\n".join([*lines, *dict.fromkeys(map(row_of, source.rules))])


def row_of(rule: Rule) -> str:
    types = ", ".join(short_name(one) for one in rule.types) or "any"
    when = f", {CONDITIONS[rule.when.__name__]}" if rule.when else ""
    follow = [f"`{part.kind}`" for part in rule.emits]
    events = ", ".join([*follow, *(["counts for moveOn"] if rule.counts_as else [])]) or "none"
    verb = rule.verb if source_is_caliper(rule) else short_name(rule.verb)
    return f"| {verb} | {types}{when} | {events} |"


def source_is_caliper(rule: Rule) -> bool:
    return "://" not in rule.verb


def page(name: str) -> str:
    return (Path(settings.BASE_DIR) / "docs" / name).read_text()


def section(text: str, heading: str) -> str:
    found = re.search(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^##+ |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found, heading
    return found[1]


@pytest.mark.once
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
def test_the_rules_of_a_source_are_documented(source: Source) -> None:
    text = section(page("statements.md"), source.title)

    assert table_of(source) in text
    assert source.version in text


@pytest.mark.once
def test_the_rules_of_caliper_are_documented() -> None:
    assert table_of(CALIPER) in page("caliper.md")

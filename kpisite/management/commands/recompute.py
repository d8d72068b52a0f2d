from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core import fan_out
from core.progress_bars import ProgressBars
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.recompute import from_scratch, shared_recompute
from kpis.recompute.job import Job
from kpisite import time_zone
from kpisite.jobs import history_span


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not a date; use the form 2026-03-01."
        ) from None


class Command(BaseCommand):
    help = (
        "Recompute figures from their facts, whether anything changed or not, and correct those "
        "that differ. With --check, only list them and exit with 1 if there are any. Stale figures "
        "are recomputed first, as the worker would do."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--kpi",
            action="append",
            default=[],
            metavar="KEY",
            help="Only this KPI, such as engagement.completion-rate. Repeatable.",
        )
        parser.add_argument(
            "--from",
            dest="first",
            type=day,
            metavar="DAY",
            help="Only periods that end on or after this day, such as 2026-03-01. Default: all.",
        )
        parser.add_argument(
            "--to",
            dest="last",
            type=day,
            metavar="DAY",
            help="Only periods that begin on or before this day. Default: today.",
        )
        parser.add_argument("--check", action="store_true", help="Compare without correcting.")
        parser.add_argument(
            "--anew",
            action="store_true",
            help="Start over instead of continuing an interrupted run with the same options.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now, bars = timezone.now(), ProgressBars(is_hidden=options["verbosity"] < 1)
        indicators = indicators_of(options["kpi"])
        first, last = days_of(options["first"], options["last"], now)
        try:
            if options["check"]:
                time_zone.check()
            else:
                time_zone.convert(bars.show)
            from_scratch.catch_up(now, lambda done, total: bars.show("stale periods", done, total))
            if options["check"]:
                self.check_all(from_scratch.jobs_for(indicators, first, last, now), now, bars)
            else:
                wanted = shared_recompute.options_of(indicators, first, last)
                self.write_all(wanted, bars, resumes=not options["anew"])
        except time_zone.ZoneChangedError as error:
            raise CommandError(str(error)) from error
        finally:
            bars.close()

    def write_all(self, wanted: dict[str, Any], bars: ProgressBars, *, resumes: bool) -> None:
        if resumes and fan_out.is_unfinished(shared_recompute.WORK, wanted):
            self.stdout.write("Continuing an interrupted run; --anew starts over.")
        done = shared_recompute.recompute(
            wanted, resumes=resumes, progress=partial(bars.show, "courses")
        )
        bars.close()
        if done.failed:
            raise CommandError(
                f"Could not recompute {', '.join(sorted(done.failed))}; see the log."
            )
        verb = "was" if done.written == 1 else "were"
        self.stdout.write(f"{figures(done.written)} differed and {verb} corrected.")

    def check_all(self, jobs: Sequence[Job], now: datetime, bars: ProgressBars) -> None:
        found = list(
            from_scratch.differences(
                jobs, now, lambda done, total: bars.show("comparing", done, total)
            )
        )
        bars.close()
        if not found:
            self.stdout.write("Every stored figure matches its facts.")
            return
        for one in found[: from_scratch.LISTED]:
            self.stdout.write(str(one))
        if len(found) > from_scratch.LISTED:
            self.stdout.write(f"… and {len(found) - from_scratch.LISTED} more")
        raise CommandError(
            f"{figures(len(found))} {'differs' if len(found) == 1 else 'differ'} from the facts. "
            "Run manage.py recompute without --check to correct them.",
        )


def figures(number: int) -> str:
    return "1 figure" if number == 1 else f"{number:,} figures"


def indicators_of(keys: Sequence[str]) -> list[Indicator]:
    """Return the KPIs of these keys; for a combined KPI, those that it is made of."""
    if unknown := sorted(set(keys) - set(REGISTRY)):
        raise CommandError(
            f"Unknown KPI {', '.join(unknown)}. Known KPIs: {', '.join(sorted(REGISTRY))}."
        )
    wanted = {key for one in keys for key in (one, *REGISTRY[one].measured_keys)}
    return [one for one in from_scratch.aggregated_indicators() if one.key in wanted or not keys]


def days_of(first: date | None, last: date | None, now: datetime) -> tuple[date, date]:
    begin, today = history_span.first_and_last_day(now)
    first, last = first or begin, last or today
    if first > last:
        raise CommandError(f"--from {first} is after --to {last}.")
    return first, last

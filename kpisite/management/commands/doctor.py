from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kpisite.doctor.checks import mail
from kpisite.doctor.examine import examine
from kpisite.doctor.findings import Finding, Problem

SIGNS = {"ok": "ok", "problem": "WRONG", "unchecked": "?"}


class Command(BaseCommand):
    help = "Say what is wrong with this installation, where, and what would be right."
    # it is for installations that these checks would stop
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print a list for programs.")
        parser.add_argument("--quiet", action="store_true", help="Print only what is wrong.")
        parser.add_argument(
            "--send-test-mail", metavar="ADDRESS", help="Also send an e-mail to this address."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # what is wrong is in the report, once
        logging.disable(logging.WARNING)
        findings = list(examine())
        if options["send_test_mail"]:
            findings.append(_mailed(mail.send_test(options["send_test_mail"])))
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in findings], indent=1))
        else:
            self.report(findings, is_quiet=options["quiet"])
        if any(one.level == "problem" for one in findings):
            raise SystemExit(1)

    def report(self, findings: Iterable[Finding], *, is_quiet: bool) -> None:
        findings = list(findings)
        shown = [one for one in findings if one.level == "problem" or not is_quiet]
        for one in shown:
            self.stdout.write(f"{SIGNS[one.level]:>5}  {one.title}: {one.text}")
            if one.level == "problem":
                self.stdout.write(f"       Where: {one.where}")
                self.stdout.write(f"       {one.remedy}")
        if not is_quiet:
            count = sum(one.level == "problem" for one in findings)
            self.stdout.write(f"\n{_verdict(count)}")


def _verdict(count: int) -> str:
    if count == 0:
        return "Nothing is wrong."
    return "One thing is wrong." if count == 1 else f"{count} things are wrong."


def _mailed(outcome: Problem | str) -> Finding:
    if isinstance(outcome, str):
        return Finding("mail.test", "Test e-mail", "ok", outcome)
    return Finding(
        "mail.test", "Test e-mail", "problem", outcome.text, outcome.where, outcome.remedy
    )

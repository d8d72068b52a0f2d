"""Moodle logs as they are downloaded in other languages and formats."""

# ruff: noqa: E501  # rows as long as Moodle writes them

from __future__ import annotations

import json
from pathlib import Path

import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl import Workbook

from intake.models import Event
from intake.tests.lms import school
from intake.tests.tool_files import events, refusal, table, take

pytestmark = pytest.mark.django_db
# the names of the columns, and of the events “Course module viewed” and “Course viewed”
LANGUAGES = {
    "de": (
        ("Zeit", "Vollständiger Name", "Betroffene/r Nutzer/in", "Ereigniskontext", "Komponente", "Ereignisname", "Beschreibung", "Herkunft", "IP-Adresse"),
        ("7. September 2026, 21:40:58", "Kursmodul angezeigt"),
    ),
    "es": (
        ("Hora", "Nombre completo del usuario", "Usuario afectado", "Contexto del evento", "Componente", "Nombre evento", "Descripción", "Origen", "Dirección IP"),
        ("7/09/26, 21:40:58", "Módulo de curso visto"),
    ),
    "fr": (
        ("Heure", "Nom complet de l’utilisateur", "Utilisateur concerné", "Contexte de l’événement", "Composant", "Nom de l’événement", "Description", "Origine", "Adresse IP"),
        ("7 sept. 26, 21:40:58", "Module de cours consulté"),
    ),
    "ja": (
        ("日時", "ユーザフルネーム", "影響を受けるユーザ", "イベントコンテキスト", "コンポーネント", "イベント名", "説明", "オリジン", "IPアドレス"),
        ("2026年 9月 7日 21:40:58", "コースモジュールが閲覧されました"),
    ),
}  # fmt: skip
VIEWED = "The user with id '1046' viewed the 'page' activity with course module id '643'."
CHOICES = ("course=py", "date_order=dmy", "zone=Europe/Berlin", "learner=id", "enroll=first")


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    Event.objects.filter(kind="content.viewed").delete()


def entry(time: str, name: str, text: str = VIEWED) -> list[str]:
    return [time, "Ada Lovelace", "-", "Page: FAQ", "Page", name, text, "web", "172.18.0.1"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_log_is_recognized_in_any_language(tmp_path: Path, language: str) -> None:
    header, (time, name) = LANGUAGES[language]
    chosen = [one for one in CHOICES if language == "es" or "order" not in one]
    text = take(
        table(tmp_path / "logs.csv", header, entry(time, name)), *chosen, create_unknown=True
    )
    (one,) = events("content.viewed")

    assert text.startswith("logs.csv: Moodle log.")
    assert (one.learner, one.object) == ("1046", "cm-643")
    assert one.occurred_at.isoformat() == "2026-09-07T19:40:58+00:00"


def test_messages_name_the_columns_of_the_file(tmp_path: Path) -> None:
    header, (time, name) = LANGUAGES["de"]
    rows = (entry(time, name), entry("gestern", name))
    text = refusal(
        table(tmp_path / "logs.csv", header, *rows), *CHOICES[:1], *CHOICES[2:],
        create_unknown=True,
    )  # fmt: skip

    assert "Line 3, column Zeit: got “gestern”." in text


def test_a_log_of_the_whole_site_names_the_course_of_each_entry(tmp_path: Path) -> None:
    header, (time, name) = LANGUAGES["de"]
    path = table(tmp_path / "logs.csv", ("Kurs", *header), ("PY", *entry(time, name)))
    take(path, *CHOICES[2:], create_unknown=True)

    assert [one.course_key for one in events("content.viewed")] == ["PY"]


def test_json_has_no_header(tmp_path: Path) -> None:
    path = tmp_path / "logs.json"
    path.write_text(json.dumps([[entry("7/09/26, 21:40:58", "Course module viewed")]]))
    take(path, *CHOICES, create_unknown=True)

    assert [one.learner for one in events("content.viewed")] == ["1046"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[["7/09/26, 21:40:58", "Ada', "is no complete JSON (Unterminated string"),
        ('{"error": "not signed in"}', "is JSON, but no table"),
        ("<!DOCTYPE html><table>", "is a web page, XML or PDF, even if its name says otherwise"),
    ],
)
def test_what_is_no_log_says_what_it_is(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "logs.csv"
    path.write_text(text)

    assert message in refusal(path)


def test_a_workbook_and_an_opendocument_are_the_same_log(tmp_path: Path) -> None:
    header, (time, name) = LANGUAGES["es"]
    book = Workbook()
    for row in (header, entry(time, name)):
        book.active.append(row)
    book.save(tmp_path / "logs.xlsx")
    sheet = Table(name="logs")
    for cells in (header, entry(time, name)):
        line = TableRow()
        for text in cells:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            line.addElement(cell)
        sheet.addElement(line)
    document = OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(sheet)
    document.save(tmp_path / "logs.ods")

    take(tmp_path / "logs.xlsx", *CHOICES, create_unknown=True)
    assert "0 new" in take(tmp_path / "logs.ods", *CHOICES)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The user with id '5' viewed the course with id '3'.", "content.viewed"),
        ("The user with id '5' viewed the chapter with id '9' for the book with course module id '4'.", "content.viewed"),
        ("The user with id '5' has submitted the attempt with id '1' for the quiz with course module id '4'.", "quiz.attempted"),
        ("The user with id '5' has submitted the submission with id '8' for the assignment with course module id '4'.", "assignment.submitted"),
        ("The user with id '5' has posted content in the forum post with id '2' in the discussion 'Hi' located in the forum with course module id '4'.", "discussion.posted"),
        ("The user with id '5' completed the course with id '3'.", "course.completed"),
        ("The user with id '2' unenrolled the user with id '5' using the enrolment method 'manual' from the course with id '3'.", "enrollment.withdrawn"),
    ],
)  # fmt: skip
def test_what_happened_is_read_from_the_description(tmp_path: Path, text: str, kind: str) -> None:
    header, (time, _) = LANGUAGES["fr"]
    rows = (entry(time, "…"), entry(time, "…", text))
    take(
        table(tmp_path / "logs.csv", header, *rows), "course=py", "learner=id", "enroll=first",
        create_unknown=True,
    )  # fmt: skip

    assert "5" in {one.learner for one in events(kind)}

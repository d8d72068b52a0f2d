"""An export holds everything that the site has about one person, and nothing about others."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from curriculum.erasing import personal_data_of
from curriculum.exporting import export_of
from curriculum.models import Learner
from kpisite.tests.erased_people import ADA, ada_with_everything
from kpisite.tests.test_erasing import places_that_name_her
from learners.own_data.held import held_about


@pytest.fixture
def ada(db: None) -> Learner:
    return ada_with_everything()


def test_an_export_holds_everything_that_names_the_person(ada: Learner) -> None:
    exported = json.loads(export_of(ada).as_json())

    assert exported["learner"] == ADA
    assert places_that_name_her() <= set(exported["data"])


def test_rows_are_readable_without_the_rest_of_the_database(ada: Learner) -> None:
    exported = json.loads(export_of(ada).as_json())["data"]
    answer = exported["outcomes.Response"]["rows"][0]

    assert exported["curriculum.Enrollment"]["rows"][0]["run.course"] == "py"
    assert (answer["wave.survey"], answer["enrollment.run"]) == ("course-end", "2026-spring")


def test_an_export_holds_no_secret_and_nobody_else(ada: Learner) -> None:
    text = export_of(ada).as_json()

    assert "password" not in text
    assert "staff@example.com" not in text


def test_the_zip_file_holds_a_csv_file_of_each_kind_of_row(ada: Learner) -> None:
    export = export_of(ada)
    with zipfile.ZipFile(io.BytesIO(export.as_zip())) as archive:
        names = set(archive.namelist())
        rows = archive.read("engagement.DailyActivity.csv").decode().splitlines()

    assert names == {"data.json", *(f"{held.model}.csv" for held in export.data)}
    assert rows[0].startswith("id,day,interactions")
    assert export.count > len(names)


def test_the_page_of_the_own_data_counts_everything_that_an_export_holds(ada: Learner) -> None:
    counts = sorted(one.count for one in held_about(ada))

    assert counts == sorted(len(one.rows) for one in personal_data_of(ada))
    assert len(counts) > 20

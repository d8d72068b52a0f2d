"""Who saw, exported or erased data of people is recorded, and what they saw is not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.api_keys import create_api_key
from accounts.audit import Action, record
from accounts.models import AccessRecord
from accounts.tests.admin_pages import enrolled, staff
from accounts.tests.people import account, course
from curriculum.models import Course, Learner

pytestmark = pytest.mark.django_db

LEARNERS = "/admin/curriculum/learner/"
BO = "bo@example.com"


@pytest.fixture
def ada() -> Learner:
    return enrolled("Ada", course()).learner


def records() -> list[tuple[str, str, str, int]]:
    rows = AccessRecord.objects.order_by("pk")
    return list(rows.values_list("who", "action", "about", "count"))


def test_a_list_of_learners_is_recorded_with_their_number(client: Client, ada: Learner) -> None:
    staff(client, "view_learner")
    client.get(LEARNERS)

    assert records() == [(BO, "viewed", "curriculum.Learner", 1)]


def test_a_form_is_recorded_with_the_rows_below_it(client: Client, ada: Learner) -> None:
    staff(client, "change_learner", "view_enrollment")
    client.get(f"{LEARNERS}{ada.pk}/change/")

    assert records() == [
        (BO, "viewed", "curriculum.Learner", 1),
        (BO, "viewed", "curriculum.Enrollment", 1),
    ]
    assert AccessRecord.objects.latest("-pk").row == str(ada.pk)


@pytest.mark.parametrize("page", ["history/", "delete/"])
def test_other_pages_about_a_learner_are_recorded(client: Client, ada: Learner, page: str) -> None:
    staff(client, "view_learner", "delete_learner", "delete_enrollment")
    client.get(f"{LEARNERS}{ada.pk}/{page}")

    assert (BO, "viewed", "curriculum.Learner", 1) in records()


def test_rows_of_which_an_action_asks_are_recorded(client: Client) -> None:
    eve = account("Eve")
    staff(client, "view_user", "change_user")
    chosen = {"action": "invite", "_selected_action": [eve.pk]}
    assert "Eve" in client.post("/admin/accounts/user/", chosen).content.decode()

    assert records() == [(BO, "viewed", "accounts.User", 1)]


def test_choices_of_learners_are_recorded(client: Client, ada: Learner) -> None:
    staff(client, "view_learner", "view_user", "add_learner")
    field = {"app_label": "curriculum", "model_name": "learner", "field_name": "user"}
    client.get("/admin/autocomplete/", {**field, "term": "bo"})

    assert records() == [(BO, "viewed", "accounts.User", 1)]


def test_an_empty_list_and_rows_about_nobody_are_not_recorded(client: Client) -> None:
    course()
    staff(client, "view_learner", "view_course")
    client.get(LEARNERS)
    client.get("/admin/curriculum/course/")

    assert records() == []


def test_a_page_that_is_refused_is_not_recorded(client: Client, ada: Learner) -> None:
    staff(client)
    client.get(LEARNERS)

    assert records() == []


def test_no_record_contains_what_was_seen(client: Client, ada: Learner) -> None:
    staff(client, "view_learner")
    client.get(LEARNERS, {"q": "Ada"})
    text = repr(list(AccessRecord.objects.values()))

    assert "Ada" not in text


@pytest.mark.parametrize(
    ("query", "action"),
    [("by=learner", "viewed"), ("learner=ada", "viewed"), ("learner=ada&format=csv", "exported")],
)
def test_figures_of_chosen_learners_are_recorded_each_time(
    ada: Learner, query: str, action: str
) -> None:
    _, secret = create_api_key("bi", ["kpis:read", "kpis:small-groups"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    day = f"{ada.enrollments.get().enrolled_at:%Y-%m-%d}"
    for _ in range(2):
        path = f"/api/kpi/business/enrollment?{query}&from={day}&to={day}"
        assert client.get(path).status_code == 200

    assert records() == [("bi", action, "curriculum.Learner", 1)] * 2


def test_the_drill_down_of_a_learner_is_recorded_and_that_of_all_is_not(ada: Learner) -> None:
    _, secret = create_api_key("bi", ["kpis:read", "kpis:small-groups"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    for query in ("?learner=ada", ""):
        assert client.get(f"/api/kpi/business/enrollment/counts{query}").status_code == 200

    assert records() == [("bi", "viewed", "curriculum.Learner", 1)]


def test_assignments_by_the_api_are_recorded(ada: Learner) -> None:
    _, secret = create_api_key("lms", ["experiments:read"])
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    client.get("/api/experiments/assignments?learner=ada")
    client.get("/api/experiments/assignments?learner=nobody")

    assert records() == [("lms", "viewed", "experiments.Assignment", 1)]


def test_records_are_never_changed() -> None:
    record(None, Action.EXPORTED, about=Course)
    one = AccessRecord.objects.get()
    one.who = "nobody"

    with pytest.raises(ValueError, match="cannot be changed"):
        one.save()


def test_nobody_changes_or_deletes_records_in_the_admin(admin_client: Client) -> None:
    record(None, Action.EXPORTED, about=Course)
    url = f"/admin/accounts/accessrecord/{AccessRecord.objects.get().pk}/"
    answers = [admin_client.post(f"{url}{page}/") for page in ("change", "delete")]

    assert [one.status_code for one in answers] == [403, 403]
    assert (
        admin_client.get("/admin/accounts/accessrecord/?action__exact=exported").status_code == 200
    )


def test_staff_with_the_permission_export_learners(client: Client, ada: Learner) -> None:
    staff(client, "view_learner", "export_learner")
    answer = client.post(LEARNERS, {"action": "export_learners", "_selected_action": [ada.pk]})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()

    assert f"learner-{ada.pk}/data.json" in names
    assert (BO, "exported", "curriculum.Learner") in [one[:3] for one in records()]


def test_staff_without_the_permission_export_nothing(client: Client, ada: Learner) -> None:
    staff(client, "view_learner", "change_learner")
    answer = client.post(LEARNERS, {"action": "export_learners", "_selected_action": [ada.pk]})

    assert "export_learners" not in answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/html")
    assert not AccessRecord.objects.filter(action="exported").exists()


def test_too_many_learners_are_not_exported_at_once(client: Client) -> None:
    Learner.objects.bulk_create(Learner(key=str(at)) for at in range(21))
    staff(client, "view_learner", "export_learner")
    chosen = [one.pk for one in Learner.objects.all()]
    client.post(LEARNERS, {"action": "export_learners", "_selected_action": chosen})

    assert "at most 20" in client.get(LEARNERS).content.decode()


def test_the_command_writes_a_file_that_only_its_owner_reads(ada: Learner, tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    call_command("export_learner", "ada", "--to", str(path))

    assert zipfile.is_zipfile(path)
    assert path.stat().st_mode & 0o077 == 0
    assert records()[0][:3] == ("manage.py", "exported", "curriculum.Learner")


def test_the_command_overwrites_nothing_and_knows_no_stranger(ada: Learner, tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"
    path.write_text("mine")
    with pytest.raises(CommandError, match=r"exists\. Name another file"):
        call_command("export_learner", "ada", "--to", str(path))
    with pytest.raises(CommandError, match="no learner with the key cleo"):
        call_command("export_learner", "cleo", "--to", str(path))

    assert path.read_text() == "mine"


def test_erasing_by_the_command_is_recorded(ada: Learner) -> None:
    call_command("erase_learner", "ada", "--yes")

    assert records() == [("manage.py", "erased", "curriculum.Learner", 1)]

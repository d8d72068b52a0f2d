"""Ada, of whom something is held almost everywhere, and where her name is found."""

from __future__ import annotations

import json
import re
from hashlib import sha1
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import JSONField, QuerySet
from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import Session, User
from accounts.models.sessions import SessionStore
from alerts.models import AlertEvent
from alerts.tests.alerting import KPI
from business.referral_codes import code_of, remember
from core.mentions import TEXTS
from curriculum import parameters
from curriculum.models import Course, Learner, ParameterChange
from dashboard.models import EmbedLink, SavedView
from experiments.models import Deviation, Experiment, ExperimentEvent, ForcedVariant, Variant
from experiments.tests.documented import run_documented
from improvement.models import Adjustment, AdjustmentEvent
from intake.events.senders import Sender
from intake.models import FileMapping, ImportRun
from intake.receiving.receive import receive
from kpis.models import DateNote, Target
from kpis.recompute import recompute_stale
from notifications.models import Channel, Notification
from notifications.tests.notifying import create_alert
from outcomes.models import CommentAnalysis, Response, Testimonial
from statements.caliper.envelope import VERSIONS, Envelope
from statements.caliper.receive import receive_envelope
from support.models import Contact

JSON = "application/json"
SENDER = Sender("lms", creates_unknown=True, scopes=frozenset({"curriculum:write"}))
ADA, HOME, NAME = "ada@example.com", "ada@home.example", "Ada Lovelace"
# what must not be found anywhere afterwards
NAMES = re.compile(r"ada@example\.com|ada@home\.example|Ada Lovelace", re.IGNORECASE)
SAID = f"Ask {NAME} <{ADA}>, or {HOME}."


def documented() -> list[dict[str, Any]]:
    """Return the documented events, about Ada, under ids that name her."""
    text = (Path(settings.BASE_DIR) / "docs" / "events.md").read_text()
    found = [json.loads(raw) for raw in re.findall(r"```json\n(\{.*\})\n```", text)]
    for event in found:
        if "learner" in event:
            event |= {"id": f"{ADA}/{event['id']}", "learner": ADA}
    return found


def content_tool(name: str = "content") -> Client:
    """Return a client that sends statements with a key of its own."""
    _, secret = create_api_key(name, ["xapi:write"])
    return Client(
        headers={"Authorization": f"Bearer {secret}", "X-Experience-API-Version": "1.0.3"}
    )


def statements_about_ada() -> list[dict[str, Any]]:
    """Return statements about Ada under each identifier, and of others that name her."""
    digest = sha1(f"mailto:{ADA}".encode(), usedforsecurity=False).hexdigest()
    account = {"homePage": "https://lms.example", "name": ADA}
    whole = {"verb": {"id": "https://verbs.example/saw"}, "object": {"id": "https://a.example/1"}}
    about: list[dict[str, Any]] = [
        {"actor": {"mbox": f"mailto:{ADA.title()}", "name": NAME}},
        {"actor": {"mbox_sha1sum": digest}},
        {"actor": {"account": account}},
        {"actor": {"mbox": f"mailto:{HOME}"}},
        {"actor": {"mbox": "mailto:bo@example.com"}, "result": {"response": SAID}},
        {"actor": {"mbox": "mailto:bo@example.com"}, "object": {"id": f"https://a.example/{ADA}"}},
    ]
    return [whole | one | {"id": str(UUID(int=number))} for number, one in enumerate(about, 1)]


def ada_in_xapi() -> None:
    """Store statements about Ada, one that was refused, and a document."""
    tool, sent = content_tool(), statements_about_ada()
    assert tool.post("/xapi/statements", sent, JSON).status_code == 200
    clash = sent[0] | {"verb": {"id": "https://verbs.example/heard"}}
    assert tool.post("/xapi/statements", clash, JSON).status_code == 409
    place = {"activityId": "https://a.example/1", "agent": json.dumps(sent[0]["actor"])}
    query = urlencode(place | {"stateId": "place"})
    assert tool.put(f"/xapi/activities/state?{query}", {"by": NAME}, JSON).status_code == 204


def subscribed() -> list[dict[str, Any]]:
    """Return the events of a subscription of Ada, of which only the first names her."""
    money = {"amount": "5.00", "currency": "USD"}
    held = {"subscription": f"contract {ADA}"}
    acts: list[tuple[str, dict[str, Any]]] = [
        ("subscription.started", held | {"customer": {"key": ADA, "kind": "learner"}}),
        ("subscription.cancelled", held),
        ("payment.received", held | money),
        ("payment.refunded", money | {"payment": f"{ADA}-1"}),
    ]
    return [
        {
            "id": f"shop {ADA} {number}",
            "kind": kind,
            "occurred_at": f"2026-01-1{number}T09:00:00Z",
            "data": data,
            **({"learner": ADA} if number == 0 else {}),
        }
        for number, (kind, data) in enumerate(acts)
    ]


def ada_with_everything() -> Learner:
    run_documented(ADA)
    outcomes = receive(documented(), SENDER)
    assert {one.status for one in outcomes} == {"accepted"}, outcomes
    buys = {"key": " ADA@example.com", "kind": "learner", "name": NAME}
    bought = {
        "id": f"order of {ADA}",
        "kind": "payment.received",
        "occurred_at": "2026-01-09T09:00:00Z",
        "data": {"amount": "9.00", "currency": "USD", "customer": buys, "payment": f"{ADA}-1"},
    }
    lost = {"id": "lost", "kind": "content.viewed", "learner": ADA, "course": "none"}
    receive([bought, {**lost, "occurred_at": "2026-01-09T09:00:00Z"}], SENDER)
    assert {one.status for one in receive(subscribed(), SENDER)} == {"accepted"}
    assert send_caliper() == "accepted"
    user = User.objects.create_user(HOME, "secret", name=NAME)
    ada = Learner.objects.get(key=ADA)
    ada.name, ada.email, ada.user = NAME, ADA, user
    ada.save()
    ada_in_xapi()
    code_of(ada)
    remember(ada, "OTHER", now=timezone.now())
    for answer in Response.objects.all():
        Response.objects.filter(pk=answer.pk).update(comment="I, Ada Lovelace, agree.")
        Testimonial.objects.create(
            response=answer, text="I, Ada Lovelace, agree.", approved_at=timezone.now()
        )
    LogEntry.objects.create(
        user=User.objects.create_user("staff@example.com", "secret"),
        content_type=ContentType.objects.get_for_model(Learner),
        object_id=str(ada.pk), object_repr="Ada Lovelace", action_flag=2,
    )  # fmt: skip
    Notification.objects.create(to=HOME, key="to Ada", payload={"name": NAME})
    # a failed and a successful sign-in
    browser = Client()
    for password in ("wrong", "secret"):
        browser.post("/sign-in", {"username": HOME, "password": password})
    recompute_stale.recompute_stale(now=timezone.now())
    return ada


def send_caliper() -> str:
    """Send an event about Ada whose id and content name her; return what became of it."""
    event = {
        "@context": VERSIONS["1.2"],
        "id": f"view of {ADA}",
        "type": "ViewEvent",
        "actor": {"id": f"mailto:{ADA}", "type": "Person", "name": NAME},
        "action": "Viewed",
        "object": {"id": "page-1", "type": "Page", "creators": [f"mailto:{HOME}"]},
        "group": {"id": "py", "type": "CourseOffering"},
        "eventTime": "2026-01-12T09:30:00Z",
    }
    envelope = Envelope("sensor", timezone.now(), [event])
    return receive_envelope(envelope, SENDER, ["1.2"])[0].status


def ada_and_what_others_write() -> Learner:
    """Return Ada, after her name was put into every text in which others may write it."""
    ada = ada_with_everything()
    bo = {"learner": "bo", "course": "py", "occurred_at": "2026-01-12T09:30:00Z"}
    said = {"survey": "course-end", "wave": "2026-spring", "comment": SAID, "may_quote": True}
    took = receive(
        [
            {**bo, "id": "b1", "kind": "enrollment.started", "run": "2026-spring"},
            {**bo, "id": "b2", "kind": "survey.answered", "data": said},
            {**bo, "id": "b3", "kind": "certificate.earned"},
            {**bo, "id": "b4", "kind": "certificate.revoked", "data": {"reason": SAID}},
            {**bo, "id": f"to_{ADA}", "kind": "mail.sent", "object": SAID, "data": {"to": ADA}},
        ],
        SENDER,
    )
    assert {one.status for one in took} == {"accepted"}, took
    _staff_write(Learner.objects.get(key="bo"))
    from_staff = SessionStore()
    from_staff["_messages"] = SAID
    from_staff.save()
    return ada


def _staff_write(bo: Learner) -> None:
    experiment = Experiment.objects.get()
    now = timezone.now()
    ForcedVariant.objects.create(
        experiment=experiment, learner=bo, variant=Variant.objects.all()[0], reason=SAID, at=now
    )
    ExperimentEvent.objects.create(experiment=experiment, kind="started", reason=SAID, at=now)
    Deviation.objects.create(experiment=experiment, reason=SAID, at=now)
    Channel.objects.get_or_create(kind="email", name="Tutors", address=HOME)
    ImportRun.objects.create(
        kind="csv x", source="ada lovelace.csv", error=SAID, report={SAID: {"said": [SAID]}},
        status="done", finished_at=now, digest="1",
    )  # fmt: skip
    FileMapping.objects.create(name="ada lovelace", answers={SAID: SAID})
    alert = create_alert(note=SAID)
    AlertEvent.objects.create(alert=alert, kind="commented", at=now, reason=SAID)
    parameter = parameters.parameter_for("module.practice-items", course=Course.objects.first())
    values = {"old_value": parameter.value, "new_value": parameter.value}
    ParameterChange.objects.create(
        parameter=parameter, reason=SAID, status="rejected", decided_at=now, proposed_at=now,
        **values,
    )  # fmt: skip
    adjustment = Adjustment.objects.create(
        alert=alert, reason=SAID, decision_reason=SAID, proposed_at=now, status="rejected", **values
    )
    AdjustmentEvent.objects.create(adjustment=adjustment, at=now, reason=SAID, after={"by": SAID})
    DateNote.objects.create(text=SAID, first_day=now.date())
    Target.objects.create(kpi=KPI, version=1, value=1, note=SAID)
    CommentAnalysis.objects.create(
        response=Response.objects.get(enrollment__learner=bo), text=SAID, answered_at=now,
        mood="unclear",
    )  # fmt: skip
    Contact.objects.create(
        enrollment=bo.enrollments.get(), noted_by=User.objects.get(email="staff@example.com"),
        on=now.date(), channel="email", result="answered", note=SAID, noted_at=now,
    )  # fmt: skip
    EmbedLink.objects.create(
        name="Ada Lovelace", tab="business", made_by=User.objects.get(email="staff@example.com"),
        made_at=now, expires_at=now,
    )  # fmt: skip
    SavedView.objects.create(
        name="Ada Lovelace", tab="business", owner=User.objects.get(email="staff@example.com"),
        saved_at=now,
    )  # fmt: skip
    _fill_other_texts()


def _fill_other_texts() -> None:
    named = columns_that_name_her()
    for one in TEXTS:
        for field in map(one.model._meta.get_field, one.fields):
            if f"{one.model._meta.db_table}.{field.name}" not in named:
                text: Any = [SAID] if isinstance(field, JSONField) else SAID
                QuerySet(one.model).update(**{field.name: text})


def cells() -> dict[str, list[str]]:
    """Return every value of every column of every table as text, read without the models."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    found.setdefault(f"{table}.{name}", []).append(_text(value))
    found["decoded sessions"] = [
        json.dumps(one.get_decoded()) for one in Session.objects.order_by("pk")
    ]
    return found


def _text(value: Any) -> str:
    """Return a value in words, with letters instead of JSON's escapes."""
    if isinstance(value, memoryview | bytes):
        return bytes(value).decode(errors="replace")
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.dumps(json.loads(value), ensure_ascii=False)
        except ValueError:
            return value
    return str(value)


def columns_that_name_her() -> set[str]:
    return {name for name, values in cells().items() if NAMES.search("\n".join(values))}


def declared_texts() -> set[str]:
    """Return the columns in which others may have named a person."""
    return {f"{one.model._meta.db_table}.{name}" for one in TEXTS for name in one.fields}


def files_that_name_her() -> list[str]:
    folder = Path(settings.KPI_DATA_DIR)
    named = re.compile(NAMES.pattern.encode(), re.IGNORECASE)
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and named.search(path.read_bytes())
    ]

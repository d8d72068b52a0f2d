"""tincan 1.0.0, the Python library that most tools of before 2020 were written with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from kpisite.testing import clients
from kpisite.tests.clients.store import Store, kinds, scores, verbs
from xapi.models import SenderRules

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

BEGIN = """
import hashlib, json, os
from tincan import *
from tincan.documents import StateDocument, AgentProfileDocument

lrs = RemoteLRS(endpoint=os.environ["ENDPOINT"], username="tool", password=os.environ["KEY"])
ada = Agent(mbox="mailto:ada@example.com", name="Ada")
unit = Activity(id="https://units.example.org/means")

def say(verb, **more):
    return Statement(actor=ada, object=unit,
        verb=Verb(id="http://adlnet.gov/expapi/verbs/" + verb), **more)
"""


@pytest.fixture
def run(store: Store) -> Any:
    """Return a function that runs a program with the library, and returns what it prints."""
    folder = str(clients.from_pypi())

    def run(program: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", BEGIN + program],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": folder,
                "ENDPOINT": store.endpoint,
                "KEY": store.secret,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_statements_are_stored_and_count(run: Any, store: Store) -> None:
    seen = run("""
score = Result(score=Score(raw=3, min=0, max=4), success=True)
one = lrs.save_statement(say("passed", result=score))
two = lrs.save_statements([say("experienced"), say("exited")])
put = lrs.save_statement(say("resumed", id="6690e6c9-3ef0-4ed3-8b37-7f3964730bee"))
print(json.dumps([one.success, two.success, put.success,
    lrs.retrieve_statement(one.content.id).content.result.score.raw]))
""")

    assert seen == [True, True, True, 3]
    assert verbs() == ["passed", "experienced", "exited", "resumed"]
    assert scores() == [0.75]
    assert kinds() == ["assessment.graded", "content.viewed", "enrollment.started"]
    assert store.kpi("engagement.assessment-performance")["value"] == 75


def test_it_asks_with_true_as_python_writes_it_and_follows_more(run: Any) -> None:
    seen = run("""
lrs.save_statements([say(verb) for verb in ("launched", "experienced", "exited")])
page = lrs.query_statements({"agent": ada, "ascending": True, "limit": 2}).content
more = lrs.more_statements(page).content
print(json.dumps([one.verb.id.split("/")[-1] for one in [*page.statements, *more.statements]]))
""")

    assert seen == ["launched", "experienced", "exited"]


def test_it_writes_a_state_twice_and_reports_the_second_answer(run: Any) -> None:
    seen = run("""
place = {"activity": unit, "agent": ada, "id": "bookmark"}
first = lrs.save_state(StateDocument(**place, content="page 1"))
tag = '"' + hashlib.sha1(b"page 1").hexdigest() + '"'
second = lrs.save_state(StateDocument(**place, content="page 2", etag=tag))
now = lrs.retrieve_state(unit, ada, "bookmark").content
print(json.dumps(
    [first.success, second.success, second.response.status, now.content.decode(), now.etag]))
""")

    # written, and then refused as changed since, by its own first request; no tag is ever read
    assert seen == [True, False, 412, "page 2", None]


def test_its_profiles_need_a_leniency_since_it_cannot_say_that_one_is_new(
    run: Any, store: Store
) -> None:
    save = """
profile = AgentProfileDocument(agent=ada, id="likes", content="tea")
print(json.dumps(lrs.save_agent_profile(profile).response.status))
"""
    assert run(save) == 400
    rules = SenderRules.objects.create(key=store.key, overwrites_profiles=True)

    assert [run(save), run(save)] == [204, 204]
    rules.refresh_from_db()
    assert rules.profiles_overwritten == 2

"""The admin's table: what each shipped group of staff may do with each model, and by which page.

Everybody else gets no page of it (`test_access_scopes.py`). To add a model, an action or a page:
one line in its table; whatever has no line fails.
"""

from __future__ import annotations

from collections import defaultdict

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client

from accounts.shipped_groups import ROLES
from accounts.tests.people import account, course
from kpisite.tests import test_access as table
from kpisite.tests.test_access_scopes import admin_paths

pytestmark = [pytest.mark.django_db, pytest.mark.once]

VISITORS = ("Analysts", "Curriculum editors", "Operators", "Administrators", "superuser")

# the rows of each model: v(iew), a(dd), c(hange), d(elete)
MODELS = """
accounts.accessrecord           ---- ---- ---- v--- v---
accounts.apikey                 ---- ---- vacd vacd vacd
accounts.invitation             ---- ---- ---- vac- vac-
accounts.user                   ---- ---- ---- vacd vacd
alerts.alert                    v--- v--- ---- v--- v---
alerts.alertrule                vacd v--- ---- vacd vacd
alerts.evaluationrun            v--- v--- v--- v--- v---
alerts.pendingevaluation        v--- v--- v--- v--- v---
auth.group                      ---- ---- ---- vacd vacd
business.customer               v--- ---- ---- v--- v---
business.invitation             v--- ---- ---- v--- v---
business.organizationgrant      v--- ---- ---- vacd vacd
business.payment                v--- ---- ---- v--- v---
business.referral               v--- ---- ---- v--- v---
business.referralcode           v--- ---- ---- va-d va-d
business.seat                   v--- ---- ---- vacd vacd
business.subscription           v--- ---- ---- v--- v---
business.subscriptionchange     v--- ---- ---- v--- v---
curriculum.addedparameter       v--- vac- ---- vac- vac-
curriculum.course               v--- vacd ---- vacd vacd
curriculum.courserun            v--- vacd ---- vacd vacd
curriculum.enrollment           v--- va-- ---- va-- va--
curriculum.learner              v--- v--- ---- vacd vacd
curriculum.module               v--- vacd ---- vacd vacd
curriculum.parameter            v--- v-c- ---- vac- vac-
curriculum.parameterchange      v--- v--- ---- v--- v---
curriculum.skill                v--- vacd ---- vacd vacd
curriculum.structureversion     v--- v--- ---- v--- v---
dashboard.embedlink             ---- ---- ---- v--- v---
dashboard.reportsubscription    ---- ---- ---- v--- v---
engagement.assessmentresult     v--- ---- ---- v--- v---
engagement.dailyactivity        v--- ---- ---- v--- v---
engagement.learningobject       v--- ---- ---- v-c- v-c-
engagement.moduleprogress       v--- ---- ---- v--- v---
engagement.playerevent          v--- ---- ---- v--- v---
engagement.quizattempt          v--- ---- ---- v--- v---
engagement.videoprogress        v--- ---- ---- v--- v---
engagement.weekpresence         v--- ---- ---- v--- v---
experiments.analysis            v--- ---- ---- v--- v---
experiments.analysisresult      v--- ---- ---- v--- v---
experiments.assignment          v--- v--- ---- v--- v---
experiments.deviation           v--- v--- ---- v--- v---
experiments.experiment          vacd v--- ---- vacd vacd
experiments.experimentevent     v--- v--- ---- v--- v---
experiments.exposure            v--- v--- ---- v--- v---
experiments.forcedvariant       va-d v--- ---- va-d va-d
experiments.layer               vac- v--- ---- vac- vac-
experiments.shippedchange       v--- v--- ---- v--- v---
improvement.adjustment          v--- v--- ---- v--- v---
improvement.adjustmentevent     v--- v--- ---- v--- v---
improvement.adjustmentrule      v--- vacd ---- vacd vacd
improvement.automaticbudget     v--- vac- ---- vac- vac-
intake.filemapping              ---- ---- v-cd v-cd v-cd
intake.event                    ---- ---- v--- v--- v---
intake.importrun                ---- ---- v--- v--- v---
intake.learneralias             ---- ---- v--- v--- v---
intake.rejectedevent            ---- ---- v-cd v-cd v-cd
kpis.datafreshness              v--- ---- v--- v--- v---
kpis.datenote                   vacd vacd ---- vacd vacd
kpis.measurement                v--- ---- ---- v--- v---
kpis.recomputerun               v--- ---- v--- v--- v---
kpis.restatement                v--- ---- ---- v--- v---
kpis.staleday                   v--- ---- v--- v--- v---
kpis.staleperiod                v--- ---- v--- v--- v---
kpis.target                     vac- ---- ---- vac- vac-
kpis.verification               v--- ---- ---- v--- v---
learners.erasurerequest         ---- ---- ---- v--- v---
lti.context                     ---- ---- ---- v-cd v-cd
lti.platform                    ---- ---- ---- vacd vacd
notifications.channel           ---- ---- vacd vacd vacd
notifications.digestunsubscribe ---- ---- v--- v--- v---
notifications.notification      ---- ---- v--- v--- v---
outcomes.careeroutcome          v--- ---- ---- v--- v---
outcomes.certificate            v--- ---- ---- v--- v---
outcomes.certificatecode        v--- ---- ---- v-c- v-c-
outcomes.commentanalysis        v--- ---- ---- v--- v---
outcomes.invitation             v--- ---- ---- v--- v---
outcomes.response               v--- ---- ---- v--- v---
outcomes.skillassessment        v--- ---- ---- v--- v---
outcomes.survey                 vac- ---- ---- vac- vac-
outcomes.testimonial            v--d ---- ---- v--d v--d
outcomes.theme                  v-c- ---- ---- v-c- v-c-
outcomes.topicrun               v--- ---- ---- v--- v---
outcomes.wave                   vac- ---- ---- vac- vac-
statements.caliperevent         ---- ---- v--- v--- v---
statements.learneridentifier    ---- ---- v--- v--- v---
statements.mapping              ---- ---- v--d v--d v--d
statements.pattern              ---- ---- v--- v--- v---
statements.senderdefault        ---- ---- vacd vacd vacd
support.chancemodel             v--- ---- ---- v--- v---
support.contact                 ---- ---- ---- v--- v---
xapi.activityprofile            ---- ---- v--- v--- v---
xapi.agentprofile               ---- ---- v--- v--- v---
xapi.refusedstatement           ---- ---- v--- v--- v---
xapi.senderrules                ---- ---- vacd vacd vacd
xapi.state                      ---- ---- v--- v--- v---
xapi.statement                  ---- ---- v--- v--- v---
"""

# the bulk actions of each list
ACTIONS = """
accounts.apikey             -    -    yes  yes  yes  delete_selected revoke
accounts.invitation         -    -    -    yes  yes  send_again withdraw
accounts.user               -    -    -    yes  yes  delete_selected invite grant
accounts.user               -    -    -    -    yes  reset_second_factor
alerts.alert                yes  -    -    yes  yes  acknowledge snooze comment close_as_expected
auth.group                  -    -    -    yes  yes  delete_selected
business.organizationgrant  -    -    -    yes  yes  delete_selected
business.referralcode       -    -    -    yes  yes  delete_selected
business.seat               -    -    -    yes  yes  delete_selected
curriculum.addedparameter   -    yes  -    yes  yes  retire restore
curriculum.course           -    yes  -    yes  yes  delete_selected
curriculum.courserun        -    yes  -    yes  yes  delete_selected
curriculum.learner          -    -    -    yes  yes  export_learners
curriculum.learner          -    -    -    yes  yes  merge_learners
curriculum.learner          -    -    -    yes  yes  delete_selected
curriculum.module           -    yes  -    yes  yes  delete_selected
curriculum.parameterchange  -    yes  -    yes  yes  approve reject revert
curriculum.skill            -    yes  -    yes  yes  delete_selected
dashboard.embedlink         -    -    -    yes  yes  withdraw
dashboard.reportsubscription -   -    -    yes  yes  end
experiments.experiment      yes  -    -    yes  yes  start deviate stop decide
improvement.adjustment      -    yes  -    yes  yes  approve reject keep revert
improvement.adjustmentrule  -    yes  -    yes  yes  activate deactivate
intake.filemapping          -    -    yes  yes  yes  delete_selected
intake.importrun            -    -    yes  yes  yes  undo_selected
intake.learneralias         -    -    -    yes  yes  split_selected
intake.rejectedevent        -    -    yes  yes  yes  delete_selected replay_selected
kpis.datenote               yes  yes  -    yes  yes  delete_selected
kpis.measurement            -    -    -    yes  yes  recompute_selected
lti.context                 -    -    -    yes  yes  delete_selected read_roster
lti.platform                -    -    -    yes  yes  delete_selected
notifications.channel       -    -    yes  yes  yes  delete_selected send_a_test
notifications.notification  -    -    yes  yes  yes  retry
outcomes.commentanalysis    yes  -    -    yes  yes  approve
outcomes.response           yes  -    -    yes  yes  withdraw_consent
outcomes.testimonial        yes  -    -    yes  yes  delete_selected
outcomes.theme              yes  -    -    yes  yes  merge_chosen
outcomes.wave               yes  -    -    yes  yes  send_selected
statements.mapping          -    -    yes  yes  yes  delete_selected
statements.pattern          -    -    yes  yes  yes  interpret_again
statements.senderdefault    -    -    yes  yes  yes  delete_selected
xapi.refusedstatement       -    -    yes  yes  yes  let_selected_in
xapi.senderrules            -    -    yes  yes  yes  delete_selected
"""

# every other page, where 1 is the id of a row that does not exist
PAGES = """
GET  /admin/                                        200 200 200 200 200
POST /admin/                                        200 200 200 200 200
GET  /admin/accounts/apikey/1/rotate/               404 404 404 404 404
POST /admin/accounts/apikey/1/rotate/               404 404 404 404 404
GET  /admin/accounts/user/1/password/               403 403 403 200 200
POST /admin/accounts/user/1/password/               403 403 403 200 200
GET  /admin/alerts/alertrule/preview/               302 302 302 302 302
POST /admin/alerts/alertrule/preview/               200 403 403 200 200
GET  /admin/autocomplete/                           403 403 403 403 403
POST /admin/autocomplete/                           405 405 405 405 405
GET  /admin/experiments/experiment/act/1/           404 404 404 404 404
POST /admin/experiments/experiment/act/1/           404 404 404 404 404
GET  /admin/improvement/adjustment/decide/1/        404 404 404 404 404
POST /admin/improvement/adjustment/decide/1/        404 404 404 404 404
GET  /admin/improvement/adjustmentrule/preview/     302 302 302 302 302
POST /admin/improvement/adjustmentrule/preview/     403 403 403 200 200
GET  /admin/intake/event/import/                    403 403 200 200 200
POST /admin/intake/event/import/                    403 403 200 200 200
GET  /admin/intake/event/import/1.csv               403 403 404 404 404
POST /admin/intake/event/import/1.csv               403 403 404 404 404
GET  /admin/intake/event/import/1/                  403 403 302 302 302
POST /admin/intake/event/import/1/                  403 403 302 302 302
GET  /admin/intake/rejectedevent/1/correct/         404 404 404 404 404
POST /admin/intake/rejectedevent/1/correct/         404 404 404 404 404
GET  /admin/jsi18n/                                 200 200 200 200 200
POST /admin/jsi18n/                                 405 405 405 405 405
GET  /admin/kpis/measurement/1/measure-again/       302 302 302 302 302
POST /admin/kpis/measurement/1/measure-again/       403 403 403 404 404
GET  /admin/password_change/                        302 302 302 302 302
POST /admin/password_change/                        302 302 302 302 302
GET  /admin/password_change/done/                   200 200 200 200 200
POST /admin/password_change/done/                   405 405 405 405 405
GET  /admin/r/1/1/                                  404 404 404 404 404
POST /admin/r/1/1/                                  404 404 404 404 404
GET  /admin/statements/pattern/1/map/               403 403 404 404 404
POST /admin/statements/pattern/1/map/               403 403 404 404 404
GET  /admin/system/                             403 403 403 200 200
POST /admin/system/                             405 405 405 405 405
"""
NO_ROW = 987_654_321


def client_of(visitor: str) -> Client:
    return visitor_in_group(visitor) if visitor != "superuser" else superuser()


def visitor_in_group(name: str) -> Client:
    cleo = account("Cleo", is_staff=True)
    cleo.groups.add(Group.objects.get(name=name))
    client = Client()
    client.force_login(cleo)
    return client


def superuser() -> Client:
    client = Client()
    client.force_login(account("Root", is_staff=True, is_superuser=True))
    return client


def list_of(model: type[Model]) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def rights(client: Client, model: type[Model]) -> str:
    """Return which pages open: a row that does not exist leads back, one that is refused is 403."""
    place = list_of(model)
    row = f"{place}{NO_ROW}"
    opened = {
        "v": client.get(place).status_code == 200,
        "a": client.get(f"{place}add/").status_code == 200,
        "c": client.post(f"{row}/change/").status_code == 302,
        "d": client.get(f"{row}/delete/").status_code == 302,
    }
    # the list and the page of a row open to the same people
    assert opened["v"] == (client.get(f"{row}/change/").status_code == 302)
    return "".join(letter if opened[letter] else "-" for letter in opened)


def expected_rights(visitor: str) -> dict[str, str]:
    lines = (line.split() for line in MODELS.strip().splitlines())
    return {label: cells[VISITORS.index(visitor)] for label, *cells in lines}


def expected_actions(visitor: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in ACTIONS.strip().splitlines():
        label, *cells = line.split()
        if cells[VISITORS.index(visitor)] == "yes":
            found[label] |= set(cells[len(VISITORS) :])
    return dict(found)


def pages() -> list[tuple[str, str, tuple[int, ...]]]:
    split = (line.split() for line in PAGES.strip().splitlines())
    return [(method, path, tuple(map(int, codes))) for method, path, *codes in split]


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_group_gets_its_rights_to_every_model(visitor: str) -> None:
    client = client_of(visitor)
    found = {one._meta.label_lower: rights(client, one) for one in admin.site._registry}

    assert found == expected_rights(visitor)


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_group_is_offered_its_bulk_actions(visitor: str) -> None:
    request = client_of(visitor).get("/admin/").wsgi_request
    offered = {
        model._meta.label_lower: set(one.get_actions(request))
        for model, one in admin.site._registry.items()
    }

    assert {label: some for label, some in offered.items() if some} == expected_actions(visitor)


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_group_gets_the_codes_of_every_other_page(visitor: str) -> None:
    course("py")
    client = client_of(visitor)
    place = VISITORS.index(visitor)
    found = {(method, path): table.status_of(client, method, path) for method, path, _ in pages()}

    assert found == {(method, path): codes[place] for method, path, codes in pages()}


def test_no_page_of_the_admin_is_missing_from_the_tables() -> None:
    usual = {
        list_of(model) + page
        for model in admin.site._registry
        for page in ("", "add/", "1/", "1/change/", "1/delete/", "1/history/")
    }
    listed = [path for _, path, _ in pages()]

    assert sorted(set(admin_paths()) - usual) == sorted(set(listed))
    assert {listed.count(path) for path in listed} == {2}


def test_each_shipped_group_has_a_column() -> None:
    assert (*(role.name for role in ROLES), "superuser") == VISITORS

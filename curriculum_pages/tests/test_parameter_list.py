"""The page of all parameters."""

from __future__ import annotations

import pytest

from accounts.tests.people import account, course
from curriculum.models import Module
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from kpis.tests.visitors import Visitor

pytestmark = pytest.mark.django_db

PAGE = "/curriculum-parameters"


def test_the_page_lists_the_settings_with_their_values(ada: Visitor) -> None:
    text = ada.reads(PAGE)

    assert "Completion window An enrollment is due after" in text
    assert "1.5 × nominal length" in text


def test_the_filters_select_a_module(ada: Visitor) -> None:
    course("py", modules=2)

    text = ada.reads(f"{PAGE}?course=py&module=m2")

    assert "Course py: Module 2" in text
    assert f'href="{PAGE}/{WINDOW_FACTOR}?course=py&amp;module=m2"' in ada.html


def test_a_module_of_another_course_is_refused_with_a_sentence(ada: Visitor) -> None:
    course("py")
    Module.objects.create(course=course("sql"), key="joins", title="Joins", position=1)

    text = ada.reads(f"{PAGE}?course=py&module=joins")

    assert ada.status == 400
    assert "Unknown module “joins”." in text


def test_a_manager_cannot_choose_a_course_of_others() -> None:
    course("sql")
    bo = Visitor(account("Bo", grants=(course("py"),)))

    text = bo.reads(f"{PAGE}/{REFUND_CUTOFF}?course=sql")

    assert bo.status == 400
    assert "Unknown course “sql”. Available courses: py." in text

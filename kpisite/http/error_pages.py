"""The pages for what makes no sense and for failures of ours, with the visitor's menu."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400)


def page(request: HttpRequest, status: int) -> HttpResponse:
    """Render with the menu; without it where what failed keeps the menu from being made."""
    name = f"{status}.html"
    try:
        return render(request, name, status=status)
    except Exception:  # whatever it is, the visitor still gets a page
        logger.exception("The menu of the page for status %s cannot be made", status)
        return HttpResponse(loader.render_to_string(name), status=status)

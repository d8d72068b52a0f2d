"""The pages for bad requests and for errors of the server, with the visitor's menu."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return page(request, 400)


def page(request: HttpRequest, status: int) -> HttpResponse:
    """Render the page with the menu, or without it if rendering the menu fails, too."""
    name = f"{status}.html"
    try:
        return render(request, name, status=status)
    except Exception:  # whatever fails, the visitor gets a page
        logger.exception("Could not render the menu of the page for status %s", status)
        return HttpResponse(loader.render_to_string(name), status=status)

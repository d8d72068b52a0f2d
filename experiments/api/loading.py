"""Load experiments with everything that the API says about them, as far as the reader may see."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext
from rest_framework.request import Request

from accounts.reader import Reader
from experiments.models import Experiment
from experiments.models.experiments import ExperimentQuerySet


def visible(reader: Reader) -> ExperimentQuerySet:
    """Return the reader's experiments with their variants, KPIs and places; eight queries."""
    rows = Experiment.objects.visible_to(reader).select_related("layer", "shipped_variant")
    return rows.prefetch_related(
        "courses", "runs__course", "metrics", "variants__values__module__course"
    )


def one_of_reader(request: Request, key: str) -> tuple[Experiment, Reader]:
    """Http404 for an experiment that does not exist or that the reader may not see."""
    reader = Reader.of(request.user)
    found = visible(reader).filter(key=key).first()
    if found is None:
        raise Http404(gettext("Unknown experiment “%(key)s”.") % {"key": key})
    return found, reader

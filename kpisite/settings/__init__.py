"""Settings of the product, by subject; docs/settings.md lists the environment variables."""

from __future__ import annotations

from kpisite.settings.api import *
from kpisite.settings.logs import *
from kpisite.settings.metrics import *
from kpisite.settings.options import *
from kpisite.settings.security import *
from kpisite.settings.single_sign_on import *
from kpisite.settings.storage import *
from kpisite.settings.web import *

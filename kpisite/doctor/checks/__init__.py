"""The checks, one subject per module; the order here is that of the report."""

from __future__ import annotations

from kpisite.doctor.checks import (  # isort: skip
    site_settings,
    mail,
    database,
    disk,
    valkey,
    programs,
    jobs,
    backlog,
    clocks,
    backups,
    static_files,
    translations,
    certificates,
    libraries,
)

ALL = (
    *(site_settings, mail, database, disk, valkey, programs, jobs, backlog, clocks, backups),
    *(static_files, translations, certificates, libraries),
)

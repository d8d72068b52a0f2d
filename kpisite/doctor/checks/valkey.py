"""Valkey or Redis: that it answers, keeps jobs, and throws none away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from redis.exceptions import ResponseError

from core.redis_cache import valkey
from kpisite.doctor import reachable
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check

ALMOST_FULL = 0.9


@check("valkey.reachable", "Valkey")
def server() -> Iterator[Problem | str]:
    place = reachable.place_of_valkey()
    if why := reachable.why_no_valkey():
        yield Problem(
            f"Valkey does not answer: {why}. No job runs, and figures get stale.",
            place,
            "Start it, or correct REDIS_URL.",
        )
        return
    yield f"{place} answers."


@check("valkey.memory", "Memory of Valkey", "valkey")
def memory() -> Iterator[Problem | str]:
    found = valkey().info("memory")
    policy, most = found.get("maxmemory_policy", ""), int(found.get("maxmemory", 0))
    if policy not in ("", "noeviction"):
        yield Problem(
            f"When its memory is full, Valkey throws jobs away (policy {policy}).",
            reachable.place_of_valkey(),
            "Run: valkey-cli CONFIG SET maxmemory-policy noeviction, and set it in valkey.conf.",
        )
    if most and int(found["used_memory"]) > ALMOST_FULL * most:
        yield Problem(
            "Valkey's memory is almost full; then it accepts no job.",
            reachable.place_of_valkey(),
            "Raise maxmemory, or start a worker that works off the jobs.",
        )


@check("valkey.persistence", "Persistence of Valkey", "valkey")
def persistence() -> Iterator[Problem | str]:
    found = valkey().info("persistence")
    if not found.get("aof_enabled") and not _saves():
        yield Problem(
            "Valkey stores nothing on disk: with a restart, waiting jobs and sessions of open"
            " pages are lost until the schedule finds the work again.",
            reachable.place_of_valkey(),
            "Run: valkey-cli CONFIG SET appendonly yes, and set it in valkey.conf.",
        )
    for name in ("aof_last_write_status", "rdb_last_bgsave_status"):
        if found.get(name, "ok") != "ok":
            yield Problem(
                f"Valkey could not store its data ({name} is {found[name]}).",
                reachable.place_of_valkey(),
                "Look at its log; its disk may be full or not writable.",
            )


def _saves() -> bool:
    """Return whether it stores snapshots; hosts that do not tell are believed to."""
    try:
        return bool(cast("dict[str, str]", valkey().config_get("save")).get("save", "given"))
    except ResponseError:
        return True

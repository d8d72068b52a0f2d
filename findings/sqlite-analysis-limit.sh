#!/usr/bin/env bash
# SQLite 3.51.1 (pysqlite3-binary 0.5.4.post2): the documented way to keep ANALYZE cheap, PRAGMA
# analysis_limit = 1000, turns a column of few values into a good way to find anything.
#
# Of 25,000 people all but 5 are learners. With the limit, ANALYZE sees 1,000 rows of the index on
# kind, and writes that a kind has about 503 rows; the other column of the join, a range of days,
# is estimated as always. So the plan for "learners, 3 of 400 days" starts at the kind and visits
# all learners and all their 200,000 rows. Without the limit it starts at the days. With a limit of
# 10,000 this case is planned well, too; with more rows than that the same thing happens again.
#
# Seen: with analysis_limit=1000 the statistics of the index are "25000 503" and the plan begins
# with it; with 0 they are "25000 12500" and the plan begins with the index on day.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pysqlite3-binary==0.5.4.post2

"$folder/venv/bin/python" - <<'PYTHON'
from pysqlite3 import dbapi2 as sqlite

connection = sqlite.connect(":memory:")
connection.executescript("""
    CREATE TABLE person (id INTEGER PRIMARY KEY, kind TEXT);
    CREATE TABLE visit (id INTEGER PRIMARY KEY, person_id INTEGER, day INTEGER);
    CREATE INDEX person_by_kind ON person (kind);
    CREATE INDEX visit_by_person ON visit (person_id);
    CREATE INDEX visit_by_day ON visit (day);
""")
connection.executemany(
    "INSERT INTO person VALUES (?, ?)",
    [(at, "staff" if at % 5_000 == 0 else "learner") for at in range(1, 25_001)],
)
connection.executemany(
    "INSERT INTO visit (person_id, day) VALUES (?, ?)",
    [(1 + at % 25_000, at % 400) for at in range(200_000)],
)


def looked_at(limit):
    """The statistics of the index on kind, and the table that the plan begins with."""
    connection.execute(f"PRAGMA analysis_limit = {limit}")
    connection.execute("ANALYZE")
    (stat,) = connection.execute(
        "SELECT stat FROM sqlite_stat1 WHERE idx = 'person_by_kind'"
    ).fetchone()
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT count(*) FROM visit JOIN person ON person.id = person_id"
        " WHERE kind = ? AND day BETWEEN ? AND ?",
        ("learner", 1, 3),
    ).fetchall()
    return stat, plan[0][3]


print("SQLite", sqlite.sqlite_version)
found = {limit: looked_at(limit) for limit in (1_000, 0)}
for limit, (stat, first) in found.items():
    print(f"analysis_limit={limit}: {stat}; {first}")
assert found[1_000] == (
    "25000 503",
    "SEARCH person USING COVERING INDEX person_by_kind (kind=?)",
), found
assert found[0] == (
    "25000 12500",
    "SEARCH visit USING INDEX visit_by_day (day>? AND day<?)",
), found
PYTHON

#!/usr/bin/env bash
# ralph-malph 5.1.0: a learning record store on the file backend takes statements once, then no more.
#
# The backend "fs" is a documented choice for the server (RALPH_RUNSERVER_BACKEND). It writes each
# request to the same file (fs_lrs.jsonl) with the operation "index", which refuses a file that
# exists, and no setting names another: RALPH_BACKENDS__LRS__FS__... has paths, not the operation.
# So the first POST is stored, and each later one with a new statement gets 500, although the
# statement is valid and its id is new. Whoever tries the server with one request sees it work.
#
# Seen: 200 for the first statement, 500 for the next ones; the file holds one statement.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  'ralph-malph[lrs]==5.1.0' requests click-option-group

mkdir "$folder/statements"
"$folder/venv/bin/python" - "$folder/auth.json" <<'PYTHON'
import json
import sys

import bcrypt

user = {"username": "ada", "hash": bcrypt.hashpw(b"ada", bcrypt.gensalt(4)).decode(),
        "scopes": ["all"], "agent": {"mbox": "mailto:ada@example.com"}}
with open(sys.argv[1], "w") as file:
    json.dump([user], file)
PYTHON
export RALPH_APP_DIR="$folder" RALPH_AUTH_FILE="$folder/auth.json" RALPH_RUNSERVER_BACKEND=fs
export RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH="$folder/statements"
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$folder/venv/bin/python" -m uvicorn ralph.api:app --port "$port" --log-level error &
server=$!

"$folder/venv/bin/python" - "$port" <<'PYTHON'
import sys
import time
from importlib.metadata import version

import requests

URL = f"http://127.0.0.1:{sys.argv[1]}/xAPI/statements"


def statement(key):
    return {
        "id": f"00000000-0000-4000-8000-00000000000{key}",
        "actor": {"mbox": "mailto:bo@example.com"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": "https://lms.example.org/courses/python"},
        "timestamp": "2026-03-02T09:00:00Z",
    }


def post(body):
    headers = {"X-Experience-API-Version": "1.0.3"}
    return requests.post(URL, json=body, auth=("ada", "ada"), headers=headers).status_code


for _ in range(120):
    try:
        requests.get(URL, timeout=2)
        break
    except requests.ConnectionError:
        time.sleep(0.5)
seen = [post([statement(key)]) for key in (1, 2, 3)]
print(f"ralph-malph {version('ralph-malph')}: three new statements, one by one: {seen}")
raise SystemExit(0 if seen == [200, 500, 500] else "It is different now.")
PYTHON

#!/usr/bin/env bash
# tincan 1.0.0 (Python): save_state sends the same PUT twice and returns the second answer. With
# the ETag of the stored document, the first request writes the new content, and the second is
# refused as out of date, so that a success is reported as 412. It also leaves out the
# registration, so that the document is saved where retrieve_state with that registration does not
# look. And with Python 3, no document that was retrieved has its ETag: tincan looks for "etag" in
# a list of pairs.
#
# Seen: one save with an ETag makes PUT 204 and PUT 412 without a registration, and reports 412.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tincan==1.0.0 pytz==2026.6 aniso8601==10.0.1
"$folder/venv/bin/python" - <<'PYTHON'
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

from tincan import Activity, Agent, RemoteLRS
from tincan.documents import StateDocument

stored = {"state": b"page 1"}
seen = []


def etag():
    return '"' + hashlib.sha1(stored["state"]).hexdigest() + '"'


class Store(BaseHTTPRequestHandler):
    """One document, which is overwritten only by its ETag."""

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_current = self.headers["If-Match"] in (None, etag())
        if is_current:
            stored["state"] = body
        status = 204 if is_current else 412
        seen.append((status, "registration" in parse_qs(urlsplit(self.path).query)))
        self.send_response(status)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.send_header("ETag", etag())
        self.end_headers()
        self.wfile.write(stored["state"])

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()
lrs = RemoteLRS(endpoint=f"http://127.0.0.1:{server.server_port}/", username="a", password="b")
unit, ada = Activity(id="https://example.org/unit"), Agent(mbox="mailto:ada@example.org")
registration = "4b9175ba-367d-4b93-990f-34d4180039f1"
place = {"id": "bookmark", "activity": unit, "agent": ada, "registration": registration}
answer = lrs.save_state(StateDocument(**place, content="page 2", etag=etag()))
read = lrs.retrieve_state(unit, ada, "bookmark", registration).content
print("tincan", version("tincan"))
print("requests:", seen, "reported:", answer.response.status, answer.success)
print("stored:", stored["state"], "ETag of what is retrieved:", read.etag)
assert seen == [(204, False), (412, False)], seen
assert (answer.success, answer.response.status) == (False, 412)
assert stored["state"] == b"page 2"
assert read.etag is None
PYTHON

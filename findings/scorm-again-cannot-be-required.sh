#!/usr/bin/env bash
# scorm-again 3.4.3: its package names files for require(), but they are scripts for browsers in a
# package whose type is "module": require("scorm-again") is an object with nothing in it, and
# require("scorm-again/scorm12") throws. Only import works. A second surprise: a package of SCORM 1.2 that
# ended with the status "failed" is committed as "incomplete", since 1.2 has one status for both;
# of SCORM 2004, it is "failed" and "completed" if it says so.
#
# Seen: {} and a TypeError by require; by import, completionStatus is "incomplete" and "completed".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts scorm-again@3.4.3 > /dev/null
cat > seen.mjs <<'JAVASCRIPT'
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Scorm12API, Scorm2004API } from "scorm-again";

const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync("node_modules/scorm-again/package.json"));
let reason = "none";
const whole = Object.keys(require("scorm-again"));
try {
  require("scorm-again/scorm12");
} catch (error) {
  reason = error.name;
}

function committed(Api, finish) {
  let last;
  const httpService = {
    updateSettings() {},
    processHttpRequest(url, commit) {
      last = commit;
      return { result: "true", errorCode: 0 };
    },
  };
  const lmsCommitUrl = "https://lms.example/commit";
  const settings = { lmsCommitUrl, renderCommonCommitFields: true, logLevel: "NONE", httpService };
  finish(new Api(settings));
  return `${last.successStatus} ${last.completionStatus}`;
}

const first = committed(Scorm12API, (api) => {
  api.LMSInitialize("");
  api.LMSSetValue("cmi.core.lesson_status", "failed");
  api.LMSFinish("");
});
const second = committed(Scorm2004API, (api) => {
  api.Initialize("");
  api.SetValue("cmi.success_status", "failed");
  api.SetValue("cmi.completion_status", "completed");
  api.Terminate("");
});
console.log("scorm-again", version, "by require:", whole, "and", reason);
console.log(`SCORM 1.2: ${first}; SCORM 2004: ${second}`);
assert.deepEqual(whole, []);
assert.equal(reason, "TypeError");
assert.equal(first, "failed incomplete");
assert.equal(second, "failed completed");
process.exit(0);
JAVASCRIPT
node seen.mjs

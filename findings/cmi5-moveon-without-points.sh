#!/usr/bin/env bash
# @xapi/cmi5 1.4.0: moveOn({score}) sends "passed" or "failed" by the mastery score of the launch,
# and then "completed". A score of 0 counts as none: no "failed" is sent, so that the worst result
# leaves no trace but a completion, while 0.01 is reported as failed.
#
# Seen with a mastery score of 0.5: 0.01 sends initialized, failed, completed; 0 sends
# initialized, completed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts @xapi/cmi5@1.4.0 > /dev/null
cat > seen.cjs <<'JAVASCRIPT'
const Cmi5 = require("@xapi/cmi5/dist/Cmi5.umd.js");

/** A unit whose requests are answered here, since the library makes them in browsers only. */
class Unit extends Cmi5 {
  sent = [];
  getAuthTokenFromLMS() {
    return "YTpi";
  }
  getLaunchDataFromLMS() {
    return { launchMode: "Normal", moveOn: "Passed", masteryScore: 0.5, contextTemplate: {} };
  }
  getLearnerPreferencesFromLMS() {
    return {};
  }
  sendXapiStatement(statement) {
    this.sent.push(statement.verb.id.split("/").pop());
  }
}

async function verbsOf(score) {
  const unit = new Unit({
    endpoint: "https://lms.example/xapi/",
    fetch: "https://lms.example/fetch",
    actor: { account: { homePage: "https://lms.example", name: "ada" } },
    registration: "4b9175ba-367d-4b93-990f-34d4180039f1",
    activityId: "https://example.org/unit",
  });
  await unit.initialize();
  await unit.moveOn({ score, disableSendTerminated: true });
  return unit.sent.join(" ");
}

(async () => {
  const [little, none] = [await verbsOf(0.01), await verbsOf(0)];
  console.log("@xapi/cmi5", require("@xapi/cmi5/package.json").version);
  console.log(`0.01: ${little}; 0: ${none}`);
  const isAsSeen = little === "initialized failed completed" && none === "initialized completed";
  process.exit(isAsSeen ? 0 : 1);
})();
JAVASCRIPT
node seen.cjs

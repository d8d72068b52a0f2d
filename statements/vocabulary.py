"""The IRIs that built-in rules name."""

from __future__ import annotations

from collections.abc import Callable

# profiles
CMI5 = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
SCORM = "https://w3id.org/xapi/scorm"
VIDEO_PROFILE = "https://w3id.org/xapi/video"

# extensions
VIDEO = "https://w3id.org/xapi/video/extensions/"
CMI5_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
ATTEMPT_NUMBER = "http://id.tincanapi.com/extension/attempt-id"
OPEN_EDX_VERSION = "https://w3id.org/xapi/openedx/extension/transformer-version"
OPEN_EDX_MODE = "https://w3id.org/xapi/acrossx/extensions/type"
MOODLE_INFO = "http://lrs.learninglocker.net/define/extensions/info"
H5P_CONTENT = "http://h5p.org/x-api/h5p-local-content-id"
H5P_LIBRARIES = "http://h5p.org/libraries/"

# activity types
ADL = "http://adlnet.gov/expapi/activities/"
TINCAN = "http://id.tincanapi.com/activitytype/"
EDLM = "https://xapi.edlm/profiles/edlm-lms/concepts/activity-types/"
COURSE = f"{ADL}course"
CMI5_COURSE = "https://w3id.org/xapi/cmi5/activitytype/course"
CMI5_BLOCK = "https://w3id.org/xapi/cmi5/activitytype/block"
CALIPER_COURSE, CALIPER_SECTION = "CourseOffering", "CourseSection"
COURSE_TYPES = (COURSE, CMI5_COURSE, CALIPER_COURSE)
LMS_TYPE = f"{TINCAN}lms"
SECTION = f"{TINCAN}section"
MODULE = f"{ADL}module"
LESSON = f"{ADL}lesson"
INTERACTION = f"{ADL}cmi.interaction"
QUESTION = f"{ADL}question"
ASSESSMENT = f"{ADL}assessment"
ATTEMPT = f"{ADL}attempt"
OBJECTIVE = f"{ADL}objective"
MEETING = f"{ADL}meeting"
RESOURCE = f"{TINCAN}resource"
DISCUSSION = f"{TINCAN}discussion"
SURVEY = f"{TINCAN}survey"
VIDEO_TYPE = "https://w3id.org/xapi/video/activity-type/video"
OPEN_EDX_EXAMS = tuple(
    f"https://w3id.org/xapi/openedx/activity/{one}-assessment"
    for one in ("practice", "proctored", "timed")
)


def _verbs(prefix: str) -> Callable[[str], str]:
    """Return the function from the name of a verb to its IRI."""

    def iri(name: str) -> str:
        return f"{prefix}{name}"

    return iri


adl = _verbs("http://adlnet.gov/expapi/verbs/")
tincan = _verbs("http://id.tincanapi.com/verb/")
stream = _verbs("http://activitystrea.ms/")
acrossx = _verbs("https://w3id.org/xapi/acrossx/verbs/")
tla = _verbs("https://w3id.org/xapi/tla/verbs/")
dod = _verbs("https://w3id.org/xapi/dod-isd/verbs/")
video = _verbs("https://w3id.org/xapi/video/verbs/")
edlm = _verbs("https://xapi.edlm/profiles/edlm-lms/concepts/verbs/")

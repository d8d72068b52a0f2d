"""What the events of Caliper 1.2 mean, profile by profile."""

from __future__ import annotations

from statements.rules import Emit, Rule, Source, emit, graded, has_position, nothing
from statements.vocabulary import CALIPER_COURSE

LENGTH = {"duration": "length"}
PLAYED = Emit("video.played", value="position", data=LENGTH, needs=("value",))
PAUSED = Emit("video.paused", value="position", data=LENGTH, needs=("value",))

# by event type: the actions from which no event follows
SILENT = {
    "SessionEvent": "LoggedIn LoggedOut TimedOut",
    "MediaEvent": (
        "JumpedTo ForwardedTo Muted Unmuted ChangedResolution ChangedSize ChangedSpeed "
        "ChangedVolume EnabledClosedCaptioning DisabledClosedCaptioning EnteredFullScreen "
        "ExitedFullScreen OpenedPopout ClosedPopout"
    ),
    "AssessmentEvent": "Paused Resumed Restarted Reset",
    "AssessmentItemEvent": "Started Skipped",
    "AssignableEvent": "Activated Deactivated Reviewed",
    "ForumEvent": "Subscribed Unsubscribed",
    "ThreadEvent": "MarkedAsUnread",
    "MessageEvent": "MarkedAsUnread",
    "ToolLaunchEvent": "Returned",
    "SurveyEvent": "OptedIn OptedOut",
    "SurveyInvitationEvent": "Accepted Declined Sent",
    "QuestionnaireItemEvent": "Started Skipped",
    "ResourceManagementEvent": (
        "Archived Copied Created Deleted Described Downloaded Modified Printed Published "
        "Restored Retracted Saved Unpublished Uploaded"
    ),
}
# by event kind: the actions that lead to it
TELLING = {
    "content.viewed": (
        "NavigationEvent/NavigatedTo ViewEvent/Viewed ToolUseEvent/Used ToolLaunchEvent/Launched "
        "SearchEvent/Searched AssessmentEvent/Started AssignableEvent/Started "
        "QuestionnaireEvent/Started ForumEvent/MarkedAsRead ThreadEvent/MarkedAsRead "
        "MessageEvent/MarkedAsRead AnnotationEvent/Bookmarked AnnotationEvent/Highlighted "
        "AnnotationEvent/Shared"
    ),
    "note.written": "AnnotationEvent/Tagged",
    "quiz.attempted": "AssessmentEvent/Submitted",
    "question.answered": (
        "AssessmentItemEvent/Completed QuestionnaireItemEvent/Completed "
        "QuestionnaireEvent/Submitted FeedbackEvent/Commented FeedbackEvent/Ranked"
    ),
    "assignment.submitted": "AssignableEvent/Submitted AssignableEvent/Completed",
    "discussion.posted": "MessageEvent/Posted",
}

CALIPER_RULES = (
    *(
        Rule(f"MediaEvent/{action}", (), (PLAYED,), has_position)
        for action in ("Started", "Resumed", "Restarted")
    ),
    *(Rule(f"MediaEvent/{action}", (), (PAUSED,), has_position) for action in ("Paused", "Ended")),
    # without a position, nothing says what was watched
    *(
        emit(f"MediaEvent/{action}", "content.viewed")
        for action in ("Started", "Resumed", "Restarted", "Paused", "Ended")
    ),
    # of an attempt, the assignable is graded
    Rule("GradeEvent/Graded", ("Attempt",), (graded("parent"),)),
    Rule("GradeEvent/Graded", (), (graded(),)),
    # how Open edX reports what became of an enrollment
    emit("Event/Activated", "enrollment.started", CALIPER_COURSE, object="", module=""),
    emit("Event/Completed", "course.completed", CALIPER_COURSE, object="", module=""),
    emit("Event/Deactivated", "enrollment.withdrawn", CALIPER_COURSE, object="", module=""),
    *(emit(verb, kind) for kind, verbs in TELLING.items() for verb in verbs.split()),
    *(
        nothing(f"{type_}/{action}")
        for type_, actions in SILENT.items()
        for action in actions.split()
    ),
)
CALIPER = Source("Caliper", "1.2", "", CALIPER_RULES)

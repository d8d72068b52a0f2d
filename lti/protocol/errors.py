from __future__ import annotations


class LaunchRefused(Exception):  # noqa: N818 - the launch is refused
    """The launch is refused, for the reason that the text tells the visitor.

    `log` says more, for staff, and names nobody.
    """

    def __init__(self, reason: str, *, log: str = "", status: int = 403) -> None:
        super().__init__(reason)
        self.log = log or reason
        self.status = status


class PlatformUnavailable(LaunchRefused):
    """The LMS does not answer, or not as agreed."""

    def __init__(self, reason: str, *, log: str = "") -> None:
        super().__init__(reason, log=log, status=503)

"""What is wrong with a value, and where."""

from __future__ import annotations


class Wrong(Exception):  # noqa: N818 - an answer to the client, not an error of ours
    """A value that the specification does not allow; `place` is such as statements[3].actor.mbox.

    Whoever checks an object or a list adds the step to the value on the way up, so that nothing is
    written down for values that are right.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.steps: list[str | int] = []

    def inside(self, step: str | int) -> Wrong:
        self.steps.insert(0, step)
        return self

    @property
    def place(self) -> str:
        text = ""
        for step in self.steps:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}" if self.place else self.sentence

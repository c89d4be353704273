"""Programs of a host that answer as told, and keep what they were asked."""

from __future__ import annotations

from collections.abc import Sequence

Answer = tuple[int, str, str]


class Programs:
    """``answers``: by the beginning of the words; what is not there answers with success and nothing."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = {words.replace("__", " ").replace("_", "-"): answer for words, answer in answers.items()}
        self.asked: list[str] = []
        self.sent: list[str] = []

    def __call__(self, argv: Sequence[str], stdin: str = "") -> Answer:
        words = " ".join(argv)
        self.asked.append(words)
        if stdin:
            self.sent.append(stdin)
        for begin in sorted(self.answers, key=len, reverse=True):
            if words.startswith(begin):
                return self.answers[begin]
        return 0, "", ""

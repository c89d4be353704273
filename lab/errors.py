"""The one error that the lab shows to people."""

from __future__ import annotations


class LabError(Exception):
    """What went wrong in one line, with what mends it; `detail` holds lines to show below it, as a console's end."""

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail

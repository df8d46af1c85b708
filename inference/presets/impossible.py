"""What a validator of a preset's field raises, so that the message can be translated."""

from __future__ import annotations


class Impossible(ValueError):
    """A value that cannot be.

    Args:
        message: why, in English.
        reason: chooses the translated text, `error.bad_preset.REASON`.
        params: the values for that text.
    """

    def __init__(self, message: str, reason: str, **params: object) -> None:
        super().__init__(message)
        self.reason = reason
        self.params = params

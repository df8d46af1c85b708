"""What can go wrong with a download, beside a full disk and a cancel (inference.errors)."""

from __future__ import annotations

from inference.errors import MsstError


class DownloadFailed(MsstError):
    """No source gave the file."""

    code = "download_failed"


class WrongBytes(DownloadFailed):
    """The sources that answered had other bytes than the ones that are known to be right."""

    code = "wrong_bytes"


class ForbiddenAddress(MsstError):
    """An address that may not be downloaded from: no URL, or inside a private network."""

    code = "forbidden_address"


class Unusable(Exception):
    """A source that need not be asked again; the text says why."""


class Broken(Exception):
    """A try that failed and may succeed when it is made again; the text says why.

    Args:
        why: in words.
        after: seconds that the source asked for before the next try.
        anew: what is there already cannot be gone on with.
    """

    def __init__(self, why: str, *, after: float = 0.0, anew: bool = False) -> None:
        super().__init__(why)
        self.after, self.anew = after, anew

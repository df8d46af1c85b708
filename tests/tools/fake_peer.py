"""A peer that answers at once: every stem is the mixture."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from tools.bench.child import Samples, Side, Task, Unavailable, serve


class Fake(Side):
    def load(self, task: Task) -> None:
        if task.family != "identity":
            raise Unavailable("only knows identities")
        if task.precision == "fast":
            raise Unavailable("has no fast form")
        self.stems = task.stems
        print("a library that prints")  # noqa: T201 - what the line to the parent must survive

    def separate(self, song: Samples) -> Mapping[str, Samples]:
        if os.environ.get("FAKE_PEER_FAILS"):
            raise ValueError("that went wrong")
        self.forwards += 2
        time.sleep(0.01)
        return dict.fromkeys(self.stems, song)


if __name__ == "__main__":
    serve(Fake().operations())

"""The far end of `tools.catalogue.speed`: `tools.bench.ours`, which also says how it cuts songs."""

from __future__ import annotations

from collections.abc import Mapping

from tools.bench.child import Answer, Operation, serve
from tools.bench.ours import Ours


class Measured(Ours):
    """A separator with one model, and its plan."""

    def operations(self) -> dict[str, Operation]:
        """Also "plan"."""
        return {**super().operations(), "plan": self._plan}

    def _plan(self, _: Mapping[str, object]) -> Answer:
        model = self.separator.model
        return {"chunk": model.plan.chunk, "step": model.plan.step, "sample_rate": model.sample_rate}


if __name__ == "__main__":
    serve(Measured().operations())

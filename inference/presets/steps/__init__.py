"""One module for each kind of step, and the table that finds them."""

from __future__ import annotations

from inference.presets.steps.base import RunStep
from inference.presets.steps.separate import separate

STEPS: dict[str, RunStep] = {
    "separate": separate,
}

__all__ = ["STEPS", "RunStep"]

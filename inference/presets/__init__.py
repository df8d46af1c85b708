"""Presets: chains of steps from a mixture to the stems that are kept.

`schema` says what a preset may be, `steps` holds one module for each kind of step, `runner` walks through them.
"""

from inference.presets.runner import StemFile, run
from inference.presets.schema import Output, Preset, SeparateStep, Step, load_preset, single_model

__all__ = ["Output", "Preset", "SeparateStep", "StemFile", "Step", "load_preset", "run", "single_model"]

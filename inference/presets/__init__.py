"""Presets: graphs of steps from a mixture to the stems that are kept.

reading.py   files to presets         schema.py   what a preset is          flow.py, graph.py   the versions of the files
validate.py  what is impossible       steps/      one module for each kind  runner.py           walks through the steps
store.py     finished steps, kept     keys.py     what makes them the same      ensembles.py       presets of one ensemble

Reading, checking and the store need no torch.
"""

from __future__ import annotations

from inference.presets.ensembles import ModelMember, ensemble_of_files, ensemble_of_models
from inference.presets.reading import load_preset, parse_preset
from inference.presets.runner import ModelFacts, run
from inference.presets.schema import Output, Preset, SeparateStep, Step, single_model
from inference.presets.sinks import StemFile
from inference.presets.store import StepStore
from inference.presets.validate import check_files, check_preset

__all__ = [
    "ModelFacts",
    "ModelMember",
    "Output",
    "Preset",
    "SeparateStep",
    "StemFile",
    "Step",
    "StepStore",
    "check_files",
    "check_preset",
    "ensemble_of_files",
    "ensemble_of_models",
    "load_preset",
    "parse_preset",
    "run",
    "single_model",
]

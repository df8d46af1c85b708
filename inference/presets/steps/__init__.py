"""One module for each kind of step, and the table that finds them."""

from __future__ import annotations

from inference.presets.steps.base import StepBase, StepKind
from inference.presets.steps.convert import ConvertStep, convert
from inference.presets.steps.cut import CutStep, cut
from inference.presets.steps.effects import EffectsStep, effects
from inference.presets.steps.ensemble import EnsembleStep, run_ensemble
from inference.presets.steps.join import JoinStep, join
from inference.presets.steps.loudness import LoudnessStep, loudness
from inference.presets.steps.mix import MixStep, mix
from inference.presets.steps.separate import SeparateStep, separate
from inference.presets.steps.speed_key import SpeedKeyStep, speed_key
from inference.presets.steps.splice import SpliceStep, splice
from inference.presets.steps.trim_silence import TrimSilenceStep, trim_silence

STEPS: dict[str, StepKind] = {
    "separate": StepKind(SeparateStep, separate),
    "ensemble": StepKind(EnsembleStep, run_ensemble),
    "mix": StepKind(MixStep, mix),
    "effects": StepKind(EffectsStep, effects),
    "trim_silence": StepKind(TrimSilenceStep, trim_silence),
    "loudness": StepKind(LoudnessStep, loudness),
    "convert": StepKind(ConvertStep, convert),
    "cut": StepKind(CutStep, cut),
    "join": StepKind(JoinStep, join),
    "splice": StepKind(SpliceStep, splice),
    "speed_key": StepKind(SpeedKeyStep, speed_key),
}

__all__ = ["STEPS", "SeparateStep", "StepBase", "StepKind"]

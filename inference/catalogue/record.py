"""One model, as the catalogue says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from inference.catalogue.configs import CONFIGS, read_config
from inference.catalogue.weights import FileWeights, Frozen, HubWeights, PackageWeights
from inference.families import missing_packages, why_unsupported

Category = Literal[
    "vocals",  # singing out of a song; the rest is the instrumental
    "instrumental",  # made for the sound of what is left without the singing
    "karaoke",  # lead singing apart from backing singing and band
    "multi_stem",  # drums, bass, vocals and more at once
    "drums",  # the pieces of a drum kit, or the drums alone
    "instrument",  # one instrument
    "dereverb",  # room and echo off a voice
    "denoise",  # noise, bleed
    "restoration",  # what lossy compression took
    "speech",  # spoken words
    "cinematic",  # speech, music and effects of films
    "crowd",  # audiences
    "breath",  # breathing and hiss of a voice
    "choir",  # the voices of a choir
    "singers",  # singers from each other: women and men, duets
    "spatial",  # middle and sides, what both channels share
    "legacy",  # of older programs
    "other",
]
CATEGORIES: tuple[str, ...] = get_args(Category)


class Score(Frozen):
    """Medians over the test songs of MUSDB18-HQ, in dB."""

    sdr: float
    sir: float | None = None
    sar: float | None = None
    isr: float | None = None


class ModelRecord(Frozen):
    """One model."""

    name: str = Field(min_length=1)  # unique in any case, without a weights extension
    title: str
    purpose: str  # one sentence for people who choose
    family: str  # a key of families.FAMILIES, or one that is not supported yet
    category: Category = "other"
    stems: tuple[str, ...] = Field(min_length=1)  # all that can be asked for
    target: str | None = None  # the stem a single-target model was trained for
    rest: str | None = None  # the stem that is defined as the mixture minus all others
    sample_rate: int = Field(gt=0)
    weights: Annotated[PackageWeights | FileWeights | HubWeights, Field(discriminator="kind")]
    config: dict[str, Any] = Field(default_factory=dict)  # what the family's `build` wants to know ...
    config_file: str | None = None  # ... or a YAML that says it: below configs/, or anywhere
    aliases: tuple[str, ...] = ()  # other names of the same file, without a weights extension
    scores: dict[str, Score] = Field(default_factory=dict)  # by stem
    speed: float | None = Field(default=None, gt=0)  # computing per second of audio, against the built-in model: 2.0 takes twice as long
    memory: int | None = Field(default=None, gt=0)  # bytes at most while separating on a CPU with its own chunk
    blocked: str | None = None  # why it cannot run here, where its family could: a sentence
    licence: str | None = None  # None where it is not known for sure

    @model_validator(mode="after")
    def _names_its_own_stems(self) -> ModelRecord:
        for role, stem in (("target", self.target), ("rest", self.rest)):
            if stem is not None and stem not in self.stems:
                raise ValueError(f"{role} is {stem!r}, which is none of the stems {', '.join(self.stems)}")
        return self

    def load_config(self) -> dict[str, Any]:
        """What the family's `build` wants to know. Reads the file, if there is one, each time.

        Raises:
            BadConfig: the file cannot be read.
        """
        return read_config(CONFIGS / self.config_file) if self.config_file else dict(self.config)

    @property
    def has_config(self) -> bool:
        """Whether the configuration is known before anything is downloaded."""
        return bool(self.config or self.config_file) or self.family == "spleeter"

    @property
    def hub(self) -> HubWeights | None:
        """Where the weights can be fetched, installed or not; None for those that never were on the hub."""
        if isinstance(self.weights, HubWeights):
            return self.weights
        return self.weights.origin if isinstance(self.weights, FileWeights) else None

    @property
    def bytes(self) -> int | None:
        """Size of the download; None where there is nothing to download."""
        return self.hub.bytes if self.hub else None

    @property
    def sha256(self) -> str | None:
        """Of the downloaded file; None where nobody has published it."""
        return self.hub.sha256 if self.hub else None

    @property
    def unsupported(self) -> str:
        """Why this model cannot run here, in a sentence; empty where it can."""
        return why_unsupported(self.family) or self.blocked or ""

    @property
    def unsupported_code(self) -> str:
        """The same for programs: the whole `family`, `packages` that are missing, or `parts` of its network; empty where it can."""
        if not self.unsupported:
            return ""
        if not why_unsupported(self.family):
            return "parts"
        return "packages" if missing_packages(self.family) else "family"

    @property
    def supported(self) -> bool:
        """Whether this model can run here, once it is installed."""
        return not self.unsupported

    @property
    def installed(self) -> bool:
        """Whether all its files are there."""
        if isinstance(self.weights, FileWeights):
            return all(path.is_file() for path in self.weights.files)
        return isinstance(self.weights, PackageWeights) and self.weights.is_there()


class Recommended(Frozen):
    """Names of models for one purpose."""

    best: str
    fast: str  # may be the best one, where there is no quicker one
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All, the best first, then the fast one."""
        return tuple(dict.fromkeys((self.best, self.fast, *self.also)))


def absolute(record: ModelRecord, folder: Path) -> ModelRecord:
    """The record with relative paths of its files taken from `folder`."""
    changes: dict[str, Any] = {}
    if isinstance(record.weights, FileWeights):
        changes["weights"] = record.weights.model_copy(update={"files": tuple(folder / path for path in record.weights.files)})
    if record.config_file is not None:
        changes["config_file"] = str(folder / record.config_file)
    return record.model_copy(update=changes) if changes else record

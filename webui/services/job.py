"""A job as everybody sees it, and the specification it is made from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import Any, Literal

State = Literal["queued", "running", "completed", "failed", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "completed", "failed", "cancelled")
ENDED: tuple[State, ...] = ("completed", "failed", "cancelled")
Door = Literal["ui", "rest", "cli"]
DOORS: tuple[Door, ...] = ("ui", "rest", "cli")


@dataclass(frozen=True)
class Choice:
    """What to separate with: a preset, a single model or a purpose, exactly one of them; once chosen, a purpose's model is there too."""

    preset: str | None = None
    model: str | None = None
    stems: tuple[str, ...] = ()  # of a model: which to keep; all where none is named
    inline: str | None = None  # a preset that nobody has stored, as JSON text; `preset` is then what it calls itself
    purpose: str | None = None  # what the song is taken apart for, see services.purposes
    quality: str | None = None  # of a purpose: best or fast; None for the best that is installed
    tool: str | None = None  # which tool made the inline preset: convert, cut, join, speed-key, mix, gain, replace


@dataclass(frozen=True)
class Callback:
    """Whom to tell when the job has ended."""

    url: str
    caller_is_local: bool = False  # a caller on this machine may name a loopback address


@dataclass(frozen=True)
class SongFile:
    """A further file of a job."""

    file: str  # the name it came with
    input: str  # its name in the job's input folder


@dataclass(frozen=True)
class Spec:
    """All that a job needs to run, fixed when it is submitted. Travels as JSON."""

    title: str  # the song's name as people see it
    file: str  # the name of the file as it came
    input: str  # its name in the job's input folder
    song: str  # what result names begin with
    source: Door
    choice: Choice
    preset: dict[str, Any]  # inference.presets.Preset, as it was at submission
    container: str
    subtype: str
    device: str
    created_at: float  # epoch seconds
    time_limit: float  # seconds
    duration: float | None  # of the song in seconds, as its header says
    base_url: str = ""  # how the caller reaches this server, for download links
    callback: Callback | None = None
    options: dict[str, Any] = field(default_factory=dict)  # inference.options.Options, those that the job says
    defaults: dict[str, Any] = field(default_factory=dict)  # those of the server's settings, weaker than a model's own and a preset's
    extra_output: bool = True  # all results in one folder; else the main one apart from the others
    more: tuple[SongFile, ...] = ()  # further files, which the preset calls file2, file3 ...
    rate: int | None = None  # of the results, in samples per second; None for that of the song
    naming: str = ""  # template of the names of results where the preset says none

    model_title: str = ""  # what the chosen model is called, where one was chosen

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of all files in the job's input folder, the song first."""
        return (self.input, *(each.input for each in self.more))

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Spec:
        """From JSON."""
        callback = Callback(**data["callback"]) if data["callback"] else None
        more = tuple(SongFile(**each) for each in data.get("more", ()))  # older ones have none
        choice = Choice(**{**data["choice"], "stems": tuple(data["choice"].get("stems", ()))})
        return cls(**{**data, "choice": choice, "callback": callback, "more": more})


@dataclass(frozen=True)
class Result:
    """A stem that a job made."""

    file: str
    stem: str
    sample_rate: int
    channels: int
    frames: int  # samples per channel
    bytes: int
    clipped: int  # samples beyond full scale that the format could not hold
    peaks: str  # name of the waveform's file
    preview: str | None  # name of the lossless copy that the mixer reads, where the result itself is lossy
    main: bool = False  # the point of the preset
    disagreement: float | None = None  # dB: how far the members of the ensemble that made it were apart; None where there was none
    picture: str | None = None  # name of the file that shows it over time


@dataclass(frozen=True)
class JobError:
    """Why a job failed."""

    code: str
    message: str
    hint: str = ""
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One song's way through the house."""

    id: str
    spec: Spec
    state: State
    progress: float = 0.0  # 0 .. 1
    stage: str = "waiting"
    seconds_left: float | None = None
    queue_position: int | None = None  # 1 = next
    started_at: float | None = None  # epoch seconds
    finished_at: float | None = None
    error: JobError | None = None
    results: tuple[Result, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in ENDED

    @property
    def title(self) -> str:
        """The song's name."""
        return self.spec.title

    def to_json(self) -> dict[str, Any]:
        """What /api/v1 and the page see."""
        spec = self.spec
        return {
            "id": self.id,
            "title": spec.title,
            "file": spec.file,
            "more_files": [each.file for each in spec.more],
            "source": spec.source,
            "state": self.state,
            "model": spec.choice.model,
            "model_title": spec.model_title or spec.choice.model,
            "stems": list(spec.choice.stems),
            "preset": spec.choice.preset,
            "purpose": spec.choice.purpose,
            "tool": spec.choice.tool,
            "quality": spec.choice.quality,
            "options": spec.options,
            "format": {"container": spec.container, "subtype": spec.subtype},
            "rate": spec.rate,
            "progress": self.progress,
            "stage": self.stage,
            "seconds_left": self.seconds_left,
            "seconds_until_start": None,
            "queue_position": self.queue_position,
            "created_at": spec.created_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "duration": spec.duration,
            "bytes": sum(result.bytes for result in self.results),
            "inputs_gone": False,
            "error": asdict(self.error) if self.error else None,
            "results": [self._result_json(result) for result in self.results],
        }

    def _result_json(self, result: Result) -> dict[str, Any]:
        shown = {key: value for key, value in asdict(result).items() if key not in ("peaks", "preview", "main", "picture")}
        return {**shown, "label": self._label(result), "url": f"/download/{self.id}/{result.file}"}

    def _label(self, result: Result) -> str:
        """What a result is called beside the others: its file's name without the song's, as a preset may have named it, or its stem."""
        song, name = self.spec.song, PurePath(result.file).stem
        named = name.startswith(f"{song}_") and self.spec.choice.tool is None
        return name[len(song) + 1 :] if named else result.stem

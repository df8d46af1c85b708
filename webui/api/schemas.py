"""The JSON of the routes, for checking and for /docs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Error(BaseModel):
    """Any answer that is not 2xx."""

    detail: str = Field(description="What was wrong.")
    code: str = Field(description="The kind of error, stable.")
    hint: str = Field(default="", description="What to do about it.")
    params: dict[str, str] = Field(default={}, description="The values in the text, for a translation.")


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route says in /docs about the errors that it knows."""
    return {status: {"model": Error} for status in statuses}


class Accepted(BaseModel):
    """A task was taken."""

    task_id: str
    status: Literal["accepted"]
    message: str


class TaskStatus(BaseModel):
    """Where a task stands."""

    task_id: str
    status: Literal["processing", "completed", "failed"]
    message: str
    results: list[str] = Field(description="{task_id}/extra_output/{file} for each stem, once completed.")
    progress: float = Field(description="0 to 1.")
    queue_position: int | None = Field(description="1 = next; null unless it waits.")


class TaskResults(BaseModel):
    """What a task made."""

    task_id: str
    results: list[str]
    download_urls: list[str] = Field(description="Absolute, from where the caller called.")


class Message(BaseModel):
    """One sentence."""

    message: str


class Health(BaseModel):
    """The server's state."""

    status: Literal["healthy"]
    service: str
    version: str
    device: str = Field(description="Where models run.")
    model: str = Field(description="The model of the default preset.")
    queue_length: int = Field(description="Tasks that wait.")
    running: int = Field(description="Tasks that run.")


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[dict[str, Any]]
    total: int = Field(description="Jobs that the filters mean, beyond this page.")
    limit: int
    offset: int
    now: float


class Log(BaseModel):
    """What happened to a job."""

    lines: list[dict[str, Any]]


class MissingModels(BaseModel):
    """The models that a preset needs and that are not there."""

    unknown: list[str] = Field(default=[], description="That the catalogue does not have, as the preset spells them.")
    not_installed: list[str] = Field(default=[], description="To be installed: POST /api/v1/models/{name}/install.")


class Preset(BaseModel):
    """A preset to choose."""

    name: str = Field(description="What a job names it by.")
    title: str
    description: str
    stems: list[str] = Field(description="What it keeps.")
    own: bool = Field(description="The user's: it can be changed.")
    missing: list[str] = Field(description="Models that are to be installed first.")
    problem: str = Field(description="Why it can never run as it is; empty where it can.")


class Presets(BaseModel):
    """Presets by name."""

    presets: list[Preset]


class PresetDetail(BaseModel):
    """One preset, whole."""

    card: Preset
    preset: Any = Field(description="Its JSON as it is stored, of whatever version.")
    revision: str = Field(description="Names what it says now; PUT can ask that it is still so.")
    missing: MissingModels


class Validity(BaseModel):
    """What is to be said about a preset that nobody has stored."""

    valid: bool = Field(description="Whether it can run once its models are installed.")
    error: Error | None = Field(description="What is wrong with it; the first thing.")
    place: str = Field(description='Where, as a JSON pointer such as "/steps/1/input"; empty for the whole.')
    missing: MissingModels


class NewName(BaseModel):
    """A name that somebody chose."""

    name: str = Field(default="", max_length=200)


class Version(BaseModel):
    """An earlier version of a preset."""

    at: int = Field(description="Milliseconds since 1970 when it was replaced; names it.")
    title: str
    steps: int


class History(BaseModel):
    """Earlier versions, newest first."""

    versions: list[Version]


class StepKind(BaseModel):
    """A kind of step."""

    kind: str
    schema_: dict[str, Any] = Field(
        alias="schema", description="JSON schema of the step. A value with `reference` names a sound: mixture, file2, STEP.STEM."
    )


class StepKinds(BaseModel):
    """What presets can be made of."""

    version: str = Field(description="Of the format of presets.")
    kinds: list[StepKind]
    formats: dict[str, list[str]] = Field(description="What an output may be written as: `format`, and its `subtype`s.")


class Moment(BaseModel):
    """Which version."""

    at: int


class Algorithm(BaseModel):
    """A way to make one sound of several."""

    name: str
    purpose: str
    weighted: bool = Field(description="Whether weights count.")
    bands: bool = Field(description="Whether it can weigh low, middle and high apart.")


class Algorithms(BaseModel):
    """All of them, and the settings of an ensemble where nothing is said."""

    algorithms: list[Algorithm]
    defaults: dict[str, Any]

"""The JSON of the routes, for checking and for /docs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Error(BaseModel):
    """Any answer that is not 2xx."""

    detail: str = Field(description="What was wrong.")
    code: str = Field(description="The kind of error, stable.")
    hint: str = Field("", description="What to do about it.")
    params: dict[str, str] = Field({}, description="The values in the text, for a translation.")


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
    now: float


class Log(BaseModel):
    """What happened to a job."""

    lines: list[dict[str, Any]]


class Model(BaseModel):
    """A model to choose."""

    name: str
    title: str
    purpose: str
    stems: list[str]
    installed: bool


class Models(BaseModel):
    """All models."""

    models: list[Model]


class Preset(BaseModel):
    """A preset to choose."""

    name: str
    title: str
    description: str
    stems: list[str]


class Presets(BaseModel):
    """All presets."""

    presets: list[Preset]

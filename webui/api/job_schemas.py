"""The JSON of the routes for jobs: what callers send."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

MAX_IDS = 10_000


class Place(BaseModel):
    """A place in the line."""

    to: Literal["first", "up", "down", "last"]


class Changes(BaseModel):
    """What is different when a job is run again; what is not said stays."""

    preset: str | None = None
    model: str | None = None
    stems: list[str] = Field(default=[], description="Of the model: those to keep; all by default.")
    preset_json: str | dict[str, Any] | None = Field(default=None, description="A preset that is not stored, as JSON or as its text.")
    purpose: str | None = None
    quality: str | None = None
    options: dict[str, Any] | None = Field(default=None, description="All of them: {} for none.")
    container: str | None = Field(default=None, alias="format")
    subtype: str | None = None
    door: Literal["ui", "rest"] = "rest"


class WhatToDelete(BaseModel):
    """Which jobs: either of the first two."""

    ids: list[str] | None = Field(default=None, max_length=MAX_IDS)
    states: list[str] | None = Field(default=None, description="completed, failed, cancelled.")
    older_than_days: float = Field(default=0, ge=0, description="With states: ended at least so long ago.")


class Deleted(BaseModel):
    """What came of it."""

    deleted: int = Field(description="Jobs.")
    freed: int = Field(description="Bytes of disk space.")


class PurposeModel(BaseModel):
    """A model for a purpose."""

    name: str
    title: str
    bytes: int | None = Field(description="Of the download; null where there is nothing to download.")
    installed: bool
    supported: bool = Field(description="Can run here, once installed.")
    stems: list[str]
    speed: float | None = Field(description="Computing per second of song, against the built-in model.")
    score: float | None = Field(description="Published SDR in dB, where there is one.")


class Purpose(BaseModel):
    """What people want of a song."""

    name: str
    best: PurposeModel
    fast: PurposeModel
    now: PurposeModel | None = Field(description="The best that is installed.")
    also: list[PurposeModel]


class Purposes(BaseModel):
    """All of them."""

    purposes: list[Purpose]


class EstimatedModel(BaseModel):
    """A model that a job needs."""

    name: str
    title: str
    bytes: int | None
    installed: bool


class EstimateInfo(BaseModel):
    """How long something will take."""

    seconds: float | None = Field(description="Likely; null where nobody knows.")
    low: float | None
    high: float | None
    basis: Literal["history", "calibrated", "guess", "unknown"] = Field(
        description="history: such jobs were done here. calibrated: from the model's cost and this machine's speed. guess: without that."
    )
    models: list[EstimatedModel]
    missing_bytes: int = Field(description="To be downloaded first.")
    queue_seconds: float | None = Field(description="Until all that runs and waits now is done; null where nobody knows.")

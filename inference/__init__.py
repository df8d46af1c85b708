"""Take songs apart: a library of arrays and files in, stems out. It knows no web, no settings and no user folders.

    from inference import Separator, load_catalogue

    separator = Separator(load_catalogue().get("spleeter_2stems"), cache=Path("cache"))
    stems = separator.separate(audio, 44100)      # {"vocals": [C, n], "accompaniment": [C, n]}

What is imported here is loaded when it is first used: `import inference` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.catalogue import Catalogue, ModelRecord, load_catalogue, sample_song
    from inference.errors import Cancelled, MsstError
    from inference.separator import Separator
    from inference.types import AudioInfo, OutputFormat, Progress, Samples

_HOMES = {
    "AudioInfo": "types",
    "Cancelled": "errors",
    "Catalogue": "catalogue",
    "ModelRecord": "catalogue",
    "MsstError": "errors",
    "OutputFormat": "types",
    "Progress": "types",
    "Samples": "types",
    "Separator": "separator",
    "load_catalogue": "catalogue",
    "sample_song": "catalogue",
}

__all__ = [
    "AudioInfo",
    "Cancelled",
    "Catalogue",
    "ModelRecord",
    "MsstError",
    "OutputFormat",
    "Progress",
    "Samples",
    "Separator",
    "load_catalogue",
    "sample_song",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'inference' has no attribute {name!r}")
    return getattr(import_module(f"inference.{home}"), name)

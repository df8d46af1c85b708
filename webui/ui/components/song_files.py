"""A drop zone for songs that keeps the names the files had on the reader's disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr


@dataclass(frozen=True)
class Upload:
    """A song that arrived: where it lies, and what it was called."""

    path: Path
    name: str


def song_files(**options: Any) -> gr.File:
    """A `gr.File` for several songs whose handlers get a list of Upload.

    Gradio's own handlers get paths alone, with characters taken out of the names, and each call leaves an empty temporary file behind.
    (Not a subclass: Gradio writes a stub file into the source tree for each of those.)

    Args:
        options: what gr.File takes.
    """
    files = gr.File(file_count="multiple", **options)
    files.preprocess = _uploads
    return files


def _uploads(payload: Any) -> list[Upload]:
    """What the browser sent, after Gradio has checked that every path lies in its upload folder."""
    if payload is None:
        return []
    sent = getattr(payload, "root", payload)  # a list of files wrapped in a model, or one file
    files = sent if isinstance(sent, list) else [sent]
    return [Upload(Path(file.path), file.orig_name or Path(file.path).name) for file in files]

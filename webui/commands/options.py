"""How to separate, as the commands that separate take it: the same words everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:0, mps ...")]
Precision = Annotated[str | None, typer.Option(help="auto, exact (float32) or fast (16 bits where it is not heard).")]
Overlap = Annotated[str | None, typer.Option(help="standard (the model's own), fast, high, or a number.")]
Stems = Annotated[list[str] | None, typer.Option("--stem", help="Of the model: one to keep, repeatable (by default all).")]
Tta = Annotated[bool, typer.Option("--tta", help="Average over swapped channels and polarity: three times the work.")]

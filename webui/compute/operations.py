"""What a compute child can do, each operation JSON in and JSON out. Heavy imports happen inside, on first use."""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import Cancelled
from inference.types import OutputFormat, Progress
from webui.compute.inspection import inspect_weights

if TYPE_CHECKING:
    from inference.options import Options
    from inference.presets import StemFile
    from inference.separator import Separator

MAX_WARM_MODELS = 2
"""Models that stay loaded between jobs, the least recently used one leaving first."""


class Operations:
    """The operations of one child, and the models that it keeps warm."""

    def __init__(self, send: Callable[[dict[str, Any]], None], cancelled: threading.Event) -> None:
        self._send, self._cancelled = send, cancelled
        self._warm: OrderedDict[tuple[str, str], Separator] = OrderedDict()
        self._table: dict[str, Callable[..., Any]] = {
            "probe": self.probe,
            "separate": self.separate,
            "warm_up": self.warm_up,
            "inspect_weights": inspect_weights,
        }

    def run(self, op: str, args: dict[str, Any]) -> Any:
        """Do the operation `op`. Raises MsstError for whatever a user should hear about."""
        return self._table[op](**args)

    def probe(self, *, path: str) -> dict[str, Any]:
        """What the header of an audio file says."""
        from inference.audio import probe

        info = probe(Path(path))
        return {"sample_rate": info.sample_rate, "channels": info.channels, "frames": info.frames, "container": info.container}

    def warm_up(self, *, operation: str, device: str = "cpu") -> str:
        """Import what the first `operation` needs, so that it starts at once; the device in words."""
        import inference.audio

        if operation != "separate":
            return ""
        import inference.presets  # noqa: F401
        from inference.device import choose_all, describe

        return ", ".join(describe(each) for each in choose_all(device))

    def separate(
        self,
        *,
        preset: dict[str, Any],
        source: str,
        song: str,
        folder: str,
        container: str,
        subtype: str,
        device: str,
        options: dict[str, Any],
        cache: str,
        user_catalogue: str,
    ) -> list[dict[str, Any]]:
        """Run a preset; results land in `folder`/kept and `folder`/extras."""
        from inference.options import parse_options
        from inference.presets import Preset, run

        chosen = parse_options(options)
        target = Path(folder)
        target.mkdir(parents=True)
        try:
            files = run(
                Preset.model_validate(preset),
                Path(source),
                song=song,
                folder=target / "kept",
                extras=target / "extras",
                work=target / "work",
                output=OutputFormat(container, subtype),
                models=lambda name: self._separator(name, device, chosen, Path(cache), Path(user_catalogue)),
                report=self._report,
            )
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        return [_as_json(file) for file in files]

    def _report(self, progress: Progress) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        self._send(
            {
                "type": "progress",
                "fraction": progress.fraction,
                "stage": progress.stage,
                "seconds_left": progress.seconds_left,
                "step": progress.step,
                "steps": progress.steps,
            }
        )

    def _separator(self, name: str, device: str, options: Options, cache: Path, user_catalogue: Path) -> Separator:
        from inference.catalogue import load_catalogue
        from inference.separator import Separator

        record = load_catalogue(user_catalogue.parent).get(name)
        key = (record.name, device)
        if key not in self._warm:
            while len(self._warm) >= MAX_WARM_MODELS:
                self._warm.popitem(last=False)
            self._warm[key] = Separator(record, cache=cache, device=device, options=options)
        self._warm.move_to_end(key)
        self._warm[key].configure(options)
        return self._warm[key]


def _as_json(file: StemFile) -> dict[str, Any]:
    return {
        "file": file.path.name,
        "stem": file.stem,
        "sample_rate": file.sample_rate,
        "channels": file.channels,
        "frames": file.frames,
        "bytes": file.path.stat().st_size,
        "clipped": file.clipped,
        "peaks": file.peaks.name,
        "preview": file.preview.name if file.preview else None,
    }

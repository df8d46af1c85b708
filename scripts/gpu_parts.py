"""The parts of gpu_check.py, each in a process of its own: `python -m scripts.gpu_parts PART DEVICE CACHE [small]`."""

from __future__ import annotations

import gc
import json
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inference.device import rounding
from inference.errors import Cancelled
from inference.networks import Setup, half_type, wave_model
from inference.networks.graphs import Graphed
from inference.networks.inverse import istft
from scripts.gpu_place import RATE, Place, joined, measured, tell, timed
from scripts.gpu_speed import speed
from scripts.gpu_table import table
from tests.vectors import GOLDEN, Golden, agreement, golden
from tools.bench.models import load_models
from tools.bench.weights import write

MINUTES = (1, 3, 12)

Engine = Callable[[torch.Tensor], torch.Tensor]


def machine(place: Place) -> None:
    """The card, and what it can do at most."""
    if place.on_gpu:
        about = torch.cuda.get_device_properties(place.device)
        tell(
            "card",
            name=about.name,
            gb=about.total_memory / 1e9,
            processors=about.multi_processor_count,
            capability=f"{about.major}.{about.minor}",
        )
        tell(
            "software",
            torch=torch.__version__,
            cuda=torch.version.cuda,
            cudnn=torch.backends.cudnn.version(),
            python=sys.version.split()[0],
        )
    side = 1024 if place.small else 8192
    for name, dtype, exact in (
        ("fp32", torch.float32, True),
        ("tf32", torch.float32, False),
        ("fp16", torch.float16, True),
        ("bf16", torch.bfloat16, True),
    ):
        place.step(name, lambda name=name, dtype=dtype, exact=exact: tell(name, tflops=_product(place, side, dtype, exact)))  # type: ignore[misc]
    x = torch.randn(8 if place.small else 1 << 28, device=place.device)
    seconds = timed(place, lambda: x.clone(), 5)
    tell("copy", tb_per_s=2 * x.nbytes / seconds / 1e12)
    tiny = torch.zeros(8, device=place.device)

    def many() -> None:
        for _ in range(1000):
            tiny.add_(1)

    tell("launch", microseconds=timed(place, many, 3) * 1e3)
    host = torch.randn(2, 10 * RATE)
    tell("10 s to the device", microseconds=timed(place, lambda: host.to(place.device), 5) * 1e6)


def _product(place: Place, side: int, dtype: torch.dtype, exact: bool) -> float:
    a, b = (torch.randn(side, side, device=place.device).to(dtype) for _ in range(2))
    with rounding(place.device, exact=exact):
        return 2e-12 * side**3 / timed(place, lambda: a @ b, 3)


@torch.inference_mode()
def vectors(place: Place, first: int = 0) -> None:
    """Recorded answers: the published form, the exact one and the fast one; recorded kernels; batches."""
    works: list[tuple[str, Callable[[], None]]] = [("inverse", partial(_inverse, place))]
    for path in sorted(GOLDEN.glob("*.safetensors"), key=lambda path: "vr" in path.stem):  # those take longest to make
        name = path.stem
        if name not in ("demix", "vr_pipeline", "spleeter") and not (place.small and name.startswith("vr_v4")):
            works.append((name, lambda name=name: _vector(place, golden(name), name)))  # type: ignore[misc]
    place.steps("golden", works, first)


def _inverse(place: Place) -> None:
    """Inverse transforms of spectra whose ends are not real, few and many, against those of the CPU."""
    window, found = torch.hann_window(2048), {}
    for count in (2, 3, 8, 16):
        spectrum = torch.randn(count, 1025, 400, dtype=torch.complex64, generator=torch.Generator().manual_seed(count))
        wave = istft(spectrum.to(place.device), 2048, 512, window.to(place.device))
        found[f"of_{count}_db"] = round(agreement(wave.cpu(), istft(spectrum, 2048, 512, window)), 1)
    tell("inverse", **found, **({"error": "agrees too little"} if min(found.values()) < 100 else {}))


def _vector(place: Place, recorded: Golden, name: str) -> None:
    network, x = recorded.network(), recorded.input.to(place.device)
    about = recorded.config if "model" in recorded.config or recorded.model_type == "vr" else {"model": recorded.config}
    if recorded.model_type != "vr" and "audio" not in about:
        about = {**about, "audio": {"chunk_size": x.shape[-1]}}
    found: dict[str, Any] = {}
    half = half_type(recorded.model_type, place.device)
    for form, dtype in (("exact", None), ("fast", half)):
        if form == "fast" and half is None:
            continue
        with rounding(place.device, exact=dtype is None):
            engine, wanted = _engine(place, network, about, recorded, dtype)
            answer = engine(x)
            found[f"{form}_db"] = round(_agreement(answer, wanted), 1)
            found |= _again(place, form, engine, x, answer)
    with rounding(place.device, exact=True):
        answer = network.to(place.device)(x)
    found["published_db"] = round(agreement(answer.cpu(), recorded.output), 1)
    low = found["exact_db"] < 100 or found["published_db"] < 100 or found.get("fast_db", 99) < 30
    tell(name, **found | ({"error": "agrees too little"} if low else {}))


def _again(place: Place, form: str, engine: Engine, x: torch.Tensor, answer: torch.Tensor) -> dict[str, Any]:
    """How far from its answer [B, ...] an item without the others is, and the same kernels recorded; of the answer's peak."""
    peak = float(answer.abs().max())
    values: dict[str, Any] = {f"{form}_alone": float((engine(x[:1]) - answer[:1]).abs().max()) / peak}
    if place.on_gpu:
        graphed = Graphed(engine)  # type: ignore[arg-type]
        for _ in range(2):
            graphed(x)
        values[f"{form}_graph"] = float((graphed(x) - answer).abs().max()) / peak
        if graphed.failure:
            values["error"] = f"{form} is not recorded: {graphed.failure[:200]}"
    return values


def _agreement(answer: torch.Tensor, wanted: torch.Tensor) -> float:
    answer = answer.float().cpu()
    wanted = wanted.reshape(*answer.shape[:-1], -1)
    length = min(answer.shape[-1], wanted.shape[-1])
    return agreement(answer[..., :length], wanted[..., :length])


def _engine(
    place: Place, network: torch.nn.Module, about: dict[str, Any], recorded: Golden, half: torch.dtype | None
) -> tuple[Engine, torch.Tensor]:
    """A form of the network, and what it should answer."""
    from inference.crew import _copied

    if recorded.model_type == "vr":
        from inference.networks.vr_fast import FastCascaded, FastClassic

        network_class: Any = FastCascaded if network.offset == 64 else FastClassic
        engine: Any = _copied(network_class(network, half), place.device)
        offset: Any = network.offset
        return engine, recorded.output[..., offset:-offset]
    engine = getattr(_copied(wave_model(recorded.model_type, [network], about, Setup(half=half)), place.device), "engine")  # noqa: B009
    engine = engine.engine if isinstance(engine, Graphed) else engine
    wanted = recorded.output
    stems = list(range(1 if wanted.ndim == 3 else wanted.shape[1]))
    return lambda x: engine(x, stems), wanted


def auto(place: Place) -> None:
    """What `auto` finds, remembers, and costs."""
    for name in ("mel_band_roformer", "htdemucs", "scnet"):

        def one(name: str = name) -> None:
            separator = place.separator(name, cache=f"auto-{name}", precision="auto")
            before = separator._crew.fast
            _, first = measured(place, lambda: separator.separate(place.song(20), RATE))
            _, second = measured(place, lambda: separator.separate(place.song(20), RATE))
            files = [json.loads(path.read_text()) for path in (place.cache / f"auto-{name}").glob("*.precision.json")]
            again = place.separator(name, cache=f"auto-{name}", precision="auto")
            tell(name, before=before, fast=separator._crew.fast, again=again._crew.fast, first_s=first, second_s=second, verdicts=files)

        place.step(name, one)


def cancel(place: Place) -> None:
    """How soon a cancel is heeded, how smooth the progress is, and the song after it."""
    for name, precision in (("mel_band_roformer", "fast"), ("mel_band_roformer", "exact"), ("htdemucs", "fast")):

        def one(name: str = name, precision: str = precision) -> None:
            separator, music = place.separator(name, precision=precision), place.song(30)
            before, told = joined(separator, [music]), [time.perf_counter()]
            joined(separator, [music], lambda _: told.append(time.perf_counter()))
            gaps = np.diff(told)
            asked: list[float] = []

            def stop(seconds: float) -> None:
                if seconds > 2 and not asked:
                    asked.append(time.perf_counter())
                    raise Cancelled

            try:
                joined(separator, [music], stop)
            except Cancelled:
                place.wait()
            heeded = time.perf_counter() - asked[0] if asked else -1.0
            after = joined(separator, [music])
            tell(
                f"{name}, {precision}",
                heeded_s=heeded,
                reports=len(gaps),
                longest_gap_s=float(gaps.max()),
                after=float(np.abs(after - before).max()),
            )

        place.step(f"{name}, {precision}", one)


def memory(place: Place) -> None:
    """Songs of these MINUTES, streamed."""
    noise = (0.1 * np.random.default_rng(1).standard_normal((2, 65536))).astype(np.float32)
    for name in ("mel_band_roformer", "vr", "mdx23c", "htdemucs", "scnet"):

        def one(name: str = name) -> None:
            fast = half_type(place.task(name).family, place.device) is not None
            separator = place.separator(name, precision="fast" if fast else "exact", overlap=1)
            values: dict[str, float] = {}
            for minutes in MINUTES:
                blocks = [noise] * int(minutes * 60 * RATE / 65536 * (0.02 if place.small else 1))
                place.forget()
                stream = separator.stream(blocks, sample_rate=RATE, channels=2, open_again=lambda blocks=blocks: blocks)  # type: ignore[misc]
                _, seconds = measured(place, lambda stream=stream: sum(block.shape[1] for block in stream))  # type: ignore[misc]
                values |= {f"{key}_{minutes}": value for key, value in place.memory().items()}
                values[f"x_{minutes}"] = len(blocks) * 65536 / RATE / seconds
            key = "reserved_gb" if place.on_gpu else "process_gb"
            more = (
                {"error": "memory grows"}
                if max(values[f"{which}_{MINUTES[2]}"] / values[f"{which}_{MINUTES[1]}"] for which in (key, "process_gb")) > 1.1
                else {}
            )
            tell(name, **values, **more)

        place.step(name, one)


def short(place: Place) -> None:
    """Less and less memory: half the chunks at a time, pieces of chunks, the CPU."""
    if not place.on_gpu:
        return
    total = torch.cuda.get_device_properties(place.device).total_memory
    for name in ("mel_band_roformer", "htdemucs"):

        def one(name: str = name) -> None:
            music = place.song(12)
            separator = place.separator(name, precision="fast", batch=4)
            resting = torch.cuda.memory_allocated(place.device)
            wanted = joined(separator, [music])
            place.forget()
            joined(separator, [music])
            most = torch.cuda.max_memory_reserved(place.device)
            del separator
            tell(f"{name}, enough", resting_gb=resting / 1e9, most_gb=most / 1e9)

            def limited(share: float) -> None:
                separator = place.separator(name, precision="fast", batch=4)
                gc.collect()
                torch.cuda.empty_cache()
                limit = torch.cuda.memory_reserved(place.device) + share * (most - resting)
                torch.cuda.set_per_process_memory_fraction(min(limit / total, 1.0), place.device)
                try:
                    found, seconds = measured(place, lambda: joined(separator, [music]))
                finally:
                    torch.cuda.set_per_process_memory_fraction(1.0, place.device)
                crew = separator._crew
                near = agreement(torch.from_numpy(found), torch.from_numpy(wanted))
                tell(
                    f"{name}, share {share}", seconds=seconds, db=round(near, 1), items=crew._shrink.items, pieces=crew._shrink.pieces,
                    where=str(crew.devices[0]), fast=crew.fast,
                )  # fmt: skip

            for share in (0.6, 0.3, 0.1):  # with none at all not even the song would be there
                place.step(f"{name}, share {share}", lambda share=share: limited(share))  # type: ignore[misc]

        place.step(name, one)


def make_weights(name: str, cache: Path) -> None:
    """As `weights_of`, but in this process, so that it ends with it."""
    model = next(model for model in load_models() if model.name == name)
    path = cache / (model.file or f"{model.name}.ckpt")
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        write({"family": model.family, "config": model.config, "extras": model.extras, "path": str(path)})


def main() -> None:
    """Run a part."""
    part, device, cache, *more = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(name)s: %(message)s")
    kind, _, name = part.partition(":")
    if kind == "weights":
        make_weights(name, Path(cache))
        return
    place = Place(torch.device("cuda:0" if device == "cuda" else device), Path(cache), small=bool(more))
    if kind == "speed":
        speed(place, name)
    elif kind == "golden":
        vectors(place, int(name or 0))
    elif kind == "table":
        table(place, int(name or 0))
    else:
        {"machine": machine, "auto": auto, "cancel": cancel, "memory": memory, "short": short}[kind](place)


if __name__ == "__main__":
    main()

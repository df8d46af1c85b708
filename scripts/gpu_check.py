"""Everything about a GPU that tests on a CPU cannot see: correctness, speed, memory, and what happens when memory ends.

    python scripts/gpu_check.py                          all parts on the first card: five to seven minutes
    python scripts/gpu_check.py --parts golden,speed     some of them; speed:htdemucs is one family
    python scripts/gpu_check.py --device cpu --small     a minute, with tiny networks: whether this script works
    python scripts/gpu_check.py --parts golden,table,short,memory      what decides about graphs and batches: five minutes
    MSST_CUDA_GRAPHS=0 python scripts/gpu_check.py ...   without CUDA graphs

Each part is a process of its own with a time limit, so that neither a crash nor a hang takes the others along. Every result is
printed as it comes, failures with their tracebacks; OUT/gpu.json has all of them, OUT/gpu.txt what was printed. OUT is the folder of
--out, or of the environment's OUT. Weights are random, of published sizes, the same everywhere.

    machine     the card, its products in float32, TF32 and 16 bits, its memory, what a launch costs
    golden      recorded answers of all families (tests/golden): published, exact and fast forms; an item of a batch alone, and the
                kernels recorded, as far as they differ from that
    table       all families in one process: exact and fast, with and without graphs, batches of 1, 2, 4 and what is chosen
    speed:NAME  exact and fast: times real time, TFLOP/s, agreement, memory, batches of 1, 2, 4, 8, the kernels that take the time,
                how long the card waits for Python, CUDA graphs, songs twice and in other blocks
    auto        what `auto` finds and remembers
    cancel      how soon a cancel is heeded, and the song after it
    memory      1 minute, 3, and 12
    short       a card with too little memory: fewer chunks, pieces of chunks, the CPU

Suspicious is: exact under 100 dB (TF32 somewhere, or a wrong window), fast under 40 dB, batches or blocks that change an exact answer by
more than 1e-4 of its peak, memory that grows with the song, a busy share under 0.7 (Python, or the song's way there and back, is what
one waits for).
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("mel_band_roformer", "htdemucs", "bs_roformer", "mdx23c", "scnet", "vr", "apollo", "bandit", "vr_5_1", "scnet_large")
"""Names of tools/bench/configs.json, what matters most first."""

PARTS = {  # seconds that each may take
    "machine": 60,
    "golden": 75,
    "table": 240,
    **{f"speed:{name}": 75 for name in FAMILIES[:6]},
    "short": 60,
    "auto": 60,
    "cancel": 60,
    "memory": 75,
    **{f"speed:{name}": 75 for name in FAMILIES[6:]},
}
MARK = "RESULT "

START = """
import runpy, sys, types
for name in ("scripts", "tests"):  # ours, also where some package has left one of this name among the installed ones
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [name]
runpy.run_module("scripts.gpu_parts", run_name="__main__")
"""


class Log:
    """What is printed, and all results, written again after each part."""

    def __init__(self, out: Path) -> None:
        self.out, self.began = out, time.monotonic()
        self.results: dict[str, list[dict[str, Any]]] = {}
        out.mkdir(parents=True, exist_ok=True)
        self._text = (out / "gpu.txt").open("w", encoding="utf-8")

    def say(self, line: str) -> None:
        """Print a line with the seconds since the start."""
        line = f"{time.monotonic() - self.began:6.1f}  {line}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        self._text.write(line + "\n")
        self._text.flush()

    def add(self, part: str, result: dict[str, Any]) -> None:
        """Keep and print a result."""
        self.results.setdefault(part, []).append(result)
        about = "  ".join(f"{key} {shown(value)}" for key, value in result.items() if key not in ("what", "table", "rows"))
        self.say(f"{part}: {result.get('what', '')}: {about}")
        for row in result.get("table", ()):
            self.say(f"    {'  '.join(shown(value) for value in row)}")
        (self.out / "gpu.json").write_text(json.dumps(self.results, indent=1), encoding="utf-8")


def shown(value: Any) -> str:
    """A value for people."""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
    if isinstance(value, list):
        return "[" + " ".join(shown(one) for one in value) + "]"
    return str(value)


def run_part(part: str, limit: float, arguments: argparse.Namespace, cache: Path, log: Log) -> None:
    """A part in its process; what it prints comes at once. When time is up it is killed."""
    command = [
        sys.executable,
        "-u",
        "-c",
        START,
        part,
        arguments.device,
        str(cache),
        *["small"] * arguments.small,
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    began = time.monotonic()
    child = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
    )
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=max(began + limit - time.monotonic(), 0.01))
        except queue.Empty:
            child.kill()
            child.wait()
            log.add(part, {"what": "ended", "error": f"not done after {limit:.0f} s"})
            return
        if line is None:
            break
        if line.startswith(MARK):
            log.add(part, json.loads(line.removeprefix(MARK)))
        else:
            log.say(f"  | {line}")
    code = child.wait()
    seconds = time.monotonic() - began
    log.add(
        part, {"what": "ended", "seconds": seconds} if code == 0 else {"what": "ended", "error": f"exit status {code}", "seconds": seconds}
    )


def _read(child: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line.rstrip("\n"))
    lines.put(None)


def summary(log: Log) -> None:
    """The numbers side by side, last: whoever sees only the end of the output sees these."""
    log.say("model: form, batch: x real time, TFLOP/s, dB, GB, busy")
    for part, results in log.results.items():
        for result in results:
            if "rows" in result:
                for row in result["rows"]:
                    log.say(f"  {result['what']:18} " + "  ".join(shown(value) for value in row))
            elif part != "table" and ("x_real_time" in result or "busy" in result):
                keys = ("x_real_time", "tflops", "db", "peak_gb", "busy")
                log.say(f"  {part.removeprefix('speed:'):18} {result['what']:24} " + "  ".join(shown(result.get(key, "-")) for key in keys))
    errors = [(part, result) for part, results in log.results.items() for result in results if "error" in result]
    log.say(f"{len(errors)} errors")
    for part, result in errors:
        log.say(f"  {part}: {result['what']}: {result['error']}")


def main() -> int:
    """Run the parts. 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "gpu-check")))
    parser.add_argument("--cache", type=Path, help="where random weights are kept; a temporary folder if not given")
    parser.add_argument("--parts", default="", help="with commas; all if not given")
    parser.add_argument("--limit", type=float, default=540, help="seconds for everything")
    parser.add_argument("--small", action="store_true", help="tiny networks and short songs")
    arguments = parser.parse_args()
    wanted = [name for name in arguments.parts.split(",") if name]
    parts = [part for part in PARTS if part in wanted or part.split(":")[0] in wanted or (not wanted and part != "table")]
    log = Log(arguments.out)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        cache = (arguments.cache or Path(folder)).resolve()
        named = {part.split(":")[1] for part in parts if ":" in part} | {"mel_band_roformer", "htdemucs"}
        families = FAMILIES if "table" in parts else sorted(named)
        making = [] if arguments.small else [_make_weights(name, cache) for name in families]  # beside the parts that time nothing
        for part in parts:
            if part.startswith(("speed", "table", "short", "auto", "cancel", "memory")):
                for child in making:
                    child.wait()
            left = arguments.limit - (time.monotonic() - log.began)
            if left < 10:
                log.add(part, {"what": "left out", "error": "no time left"})
                continue
            run_part(part, min(PARTS[part], left), arguments, cache, log)
        for child in making:
            child.kill()
    summary(log)
    return int(any("error" in result for results in log.results.values() for result in results))


def _make_weights(name: str, cache: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", START, f"weights:{name}", "cpu", str(cache)], cwd=ROOT, env=environment)


if __name__ == "__main__":
    sys.exit(main())

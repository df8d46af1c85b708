"""The mixer as tests handle it: its buttons, and what they can learn of its sound."""

from __future__ import annotations

from typing import Any

CHUNK_S = 5  # seconds of sound that the player asks for at a time

# What goes to the loudspeaker is also read here: rms() of the last 90 ms.
TAP = """
const join = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode) {
    window.tap ??= new AnalyserNode(this.context, { fftSize: 4096 });
    join.call(this, window.tap);
  }
  return join.call(this, to, ...rest);
};
window.rms = () => {
  const samples = new Float32Array(4096);
  window.tap.getFloatTimeDomainData(samples);
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
};
"""


def seconds(page: Any) -> float:
    minutes, rest = page.inner_text(".ms-now").split(":")
    return int(minutes) * 60 + float(rest)


def play(page: Any) -> None:
    page.click(".ms-play")
    page.wait_for_selector(".ms-desk[data-state=playing]")


def groups(started: list[dict[str, Any]], stems: int = 2) -> list[list[dict[str, Any]]]:
    """Sources that start at one time; all stems must be in each, with the same piece of the song."""
    found: dict[float, list[dict[str, Any]]] = {}
    for source in started:
        found.setdefault(source["when"], []).append(source)
    for group in found.values():
        assert sorted(source["stem"] for source in group) == list(range(stems))
        assert len({(source["offset"], source["length"], source["duration"], source["speed"]) for source in group}) == 1
        assert group[0]["when"] > group[0]["now"]  # never late
    return list(found.values())


def ends(source: dict[str, Any]) -> float:
    """When a source has played its piece, seconds of the context."""
    return float(source["when"] + source["duration"] / source["speed"])


def choose(page: Any, button: str, item: str) -> None:
    page.click(button)
    page.click(f".ms-menu:not([hidden]) [role=menuitem]:has-text('{item}')")

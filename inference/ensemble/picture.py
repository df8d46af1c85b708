"""A line over time as a small SVG: no script, no fonts, with colours for light and dark pages, and words for those who do not see it.

Its figures go with it, as JSON in <metadata>, so that a page can draw them in the reader's own language.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.sax.saxutils import escape, unescape

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 800, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 784, 34, 196  # the plot's edges
COLUMNS = RIGHT - LEFT  # no more points than can be seen
LOWEST, HIGHEST = -60.0, 0.0  # dB that are always shown, so that pictures can be compared
TICKS = 8

_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600)  # seconds between two ticks

# Selectors begin with the picture's own class: it may stand inside a page.
_STYLE = """
.msst-levels { --ground: #ffffff; --ink: #1f2328; --faint: #c9ced6; --line: #0550ae; --under: #0550ae33; }
@media (prefers-color-scheme: dark) {
  .msst-levels { --ground: #16181d; --ink: #e6e8eb; --faint: #474d57; --line: #79b8ff; --under: #79b8ff33; }
}
.msst-levels .ground { fill: var(--ground); }
.msst-levels .grid { stroke: var(--faint); stroke-width: 1; }
.msst-levels .line { fill: none; stroke: var(--line); stroke-width: 1.5; stroke-linejoin: round; }
.msst-levels .under { fill: var(--under); }
.msst-levels .overall { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 5 4; }
.msst-levels text { fill: var(--ink); font: 12px system-ui, sans-serif; }
"""

Levels = npt.NDArray[np.float64]


def draw(levels: Levels, seconds: float, *, title: str, overall: float) -> str:
    """Levels in dB, one for each `seconds`, as an SVG document.

    Args:
        levels: [n]; n may be 0. What lies below the plot is drawn at its lower edge.
        seconds: that one level stands for.
        title: any text; it is shown, and read out.
        overall: a level that is drawn as a dashed line.
    """
    duration = len(levels) * seconds
    highest = max(HIGHEST, 20 * np.ceil(levels.max() / 20)) if len(levels) else HIGHEST
    plot = _Plot(duration or 1.0, float(highest))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="msst-levels" role="img" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(_words(levels, seconds, overall))}</desc>",
        f"<metadata>{escape(json.dumps(_figures(levels, seconds, overall)))}</metadata>",
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text x="{LEFT}" y="20">{escape(title)}</text>',
        *plot.grid(),
        *plot.curve(levels, seconds, overall),
        "</svg>",
    ]
    return "\n".join(parts)


def figures(picture: str) -> dict[str, Any] | None:
    """What a picture of `draw` shows: {"seconds", "levels", "overall"}, in dB. None for one that was drawn before they went with it."""
    found = re.search(r"<metadata>(.*?)</metadata>", picture, re.DOTALL)
    try:
        read = json.loads(unescape(found[1])) if found else None
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _figures(levels: Levels, seconds: float, overall: float) -> dict[str, Any]:
    if len(levels):
        levels, seconds = _thinned(levels, seconds)
    return {"seconds": seconds, "levels": [round(float(level), 1) for level in levels], "overall": round(overall, 1)}


class _Plot:
    """From seconds and decibels to places in the picture."""

    def __init__(self, duration: float, highest: float) -> None:
        self._duration = duration
        self._highest = highest

    def x(self, second: float) -> float:
        return LEFT + (RIGHT - LEFT) * second / self._duration

    def y(self, level: float) -> float:
        inside = min(max(level, LOWEST), self._highest)
        return TOP + (BOTTOM - TOP) * (self._highest - inside) / (self._highest - LOWEST)

    def grid(self) -> list[str]:
        """Lines and numbers of both axes."""
        parts = []
        for level in np.arange(LOWEST, self._highest + 1, 20):
            y = self.y(level)
            parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{RIGHT}"/>')
            parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{level:.0f}</text>')
        parts.append(f'<text x="{LEFT - 6}" y="{TOP - 14}" text-anchor="end">dB</text>')
        step = next((step for step in _STEPS if self._duration / step <= TICKS), self._duration / TICKS)
        for second in np.arange(0, self._duration * (1 + 1e-9), step):
            x = self.x(second)
            parts.append(f'<path class="grid" d="M{x:.1f} {BOTTOM}v5"/>')
            parts.append(f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle">{self._time(second)}</text>')
        unit = "s" if self._duration < 120 else "min:s"
        parts.append(f'<text x="{RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{unit}</text>')
        return parts

    def _time(self, second: float) -> str:
        return f"{second:g}" if self._duration < 120 else f"{round(second) // 60}:{round(second) % 60:02}"

    def curve(self, levels: Levels, seconds: float, overall: float) -> list[str]:
        """The levels, each a step as wide as what it stands for."""
        if not len(levels):
            return []
        levels, seconds = _thinned(levels, seconds)
        steps = "".join(f"V{self.y(level):.1f}H{self.x((number + 1) * seconds):.1f}" for number, level in enumerate(levels))
        start = f"{LEFT} {self.y(levels[0]):.1f}"
        return [
            f'<path class="under" d="M{LEFT} {BOTTOM}{steps}V{BOTTOM}Z"/>',
            f'<path class="line" d="M{start}{steps}"/>',
            f'<path class="overall" d="M{LEFT} {self.y(overall):.1f}H{RIGHT}"/>',
        ]


def _thinned(levels: Levels, seconds: float) -> tuple[Levels, float]:
    """Of so many neighbours the highest, so that a short moment of doubt is still seen in an hour."""
    each = -(-len(levels) // COLUMNS)
    padded = np.pad(levels, (0, -len(levels) % each), mode="edge")
    return padded.reshape(-1, each).max(axis=1), seconds * each


def _words(levels: Levels, seconds: float, overall: float) -> str:
    if not len(levels):
        return "No sound."
    most = int(levels.argmax())
    return f"{overall:.1f} dB over all {len(levels) * seconds:g} seconds; most at {most * seconds:g} seconds, {levels[most]:.1f} dB."

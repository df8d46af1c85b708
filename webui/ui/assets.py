"""The page's own scripts and styles, served under an address that changes with their content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from inference.types import WRITABLE
from webui.i18n import NAMES, languages, texts
from webui.ui.tabs import FIRST, TABS

if TYPE_CHECKING:
    import os

    from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"


class Assets:
    """The files below static/ and what the page's head says about them.

    The address holds a digest of all files: browsers may keep them for ever, and still see a new version at once.
    """

    def __init__(self) -> None:
        files = sorted(file for file in FOLDER.rglob("*") if file.is_file())
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
        self.prefix = f"ui/static/{digest}"
        self.files = _Immutable(directory=FOLDER)
        self._scripts = [file.relative_to(FOLDER).as_posix() for file in files if file.suffix == ".js"]
        self._styles = [file.relative_to(FOLDER).as_posix() for file in files if file.suffix == ".css"]

    def head(self, language: str, tab: str = FIRST) -> str:
        """HTML for the start of the page's head: the language, its texts, styles, and scripts to load early.

        Gradio reads `navigator.language` when it starts and knows exact tags alone ("zh" would be English), so the language that
        the server chose is put in its place. Addresses are relative: they work below any path of a proxy.

        Args:
            language: one of the languages that have texts.
            tab: the tab that will be open first.
        """
        told = {
            "language": language,
            "languages": {tag: NAMES.get(tag, tag) for tag in languages()},
            "assets": self.prefix + "/",
            "tabs": TABS,
            "formats": WRITABLE,
            "texts": texts(language),
        }
        lines = [
            f'<link rel="icon" type="image/svg+xml" href="./{self.prefix}/icon.svg">',
            f"<script>window.MSST = {_for_script(told)};\n{_EARLY}</script>",
            f"<style>.ms-tab{{display:none!important}}{_shown_tabs()}</style>",
            *(f'<link rel="stylesheet" href="./{self.prefix}/{name}">' for name in self._styles),
            *(f'<link rel="modulepreload" href="./{self.prefix}/{name}">' for name in self._scripts if _is_early(name, tab)),
        ]
        return "\n".join(lines)


_EARLY = """
Object.defineProperty(navigator, "language", {get: () => MSST.language, configurable: true});
Object.defineProperty(navigator, "languages", {get: () => [MSST.language], configurable: true});
{
  const root = document.documentElement;
  const search = new URLSearchParams(location.search);
  const asked = search.get("tab") ?? (search.has("job") ? "result" : "");
  root.dataset.tab = MSST.tabs.includes(asked) ? asked : MSST.tabs[0];
  let theme = null;
  try { theme = localStorage.getItem("msst-theme"); } catch {}
  if (theme === "dark" || theme === "light") {
    const ask = window.matchMedia.bind(window);
    window.matchMedia = (query) => ask(query.includes("prefers-color-scheme") ? (query.includes(theme) ? "all" : "not all") : query);
  }
}
"""
"""What must be known before Gradio starts and before anything is drawn: the language, the open tab, and the reader's own choice of light or
dark (Gradio asks the system for it, so the system's answer is replaced)."""


def _shown_tabs() -> str:
    """CSS that shows the panel of the open tab alone."""
    return ",".join(f"[data-tab={tab}] #tab-{tab}" for tab in TABS) + "{display:flex!important}"


_ALSO = {"result": "mixer"}
"""Folders of other parts that a tab begins with."""


def _is_early(script: str, tab: str) -> bool:
    """Whether a script is needed at once: those of the frame, and those of the tab that is open first."""
    folders = ("", "kit", tab, _ALSO.get(tab, tab))
    return script == f"tabs/{tab}.js" or (script.rpartition("/")[0] in folders and not script.endswith("_worklet.js"))


class _Immutable(StaticFiles):
    """Static files that never change under their address, with the types that browsers insist on for modules."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        if isinstance(response, FileResponse) and str(full_path).endswith(".js"):
            response.headers["content-type"] = "text/javascript; charset=utf-8"  # Windows' registry may say text/plain
        return response


def _for_script(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")

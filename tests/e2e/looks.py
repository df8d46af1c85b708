"""What must hold for every view of the page, whatever it shows: readable, reachable, translated, and no wider than its screen."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from webui.i18n import own_texts

_WORD = r"(?=[A-Za-z]*[a-z])[A-Za-z]{3,}"
_WORDS = re.compile(rf"{_WORD}(?:\W+{_WORD})+")
"""Latin words in a row. In a language of other letters they are a sentence that nobody translated, unless they are a name;
in capitals they are formats (WAV, FLAC)."""

_NAMES = ("MSST-WebUI", "MSST WebUI", "Hugging Face", "Ultimate Vocal Remover", "Max Spec", "Min Spec", "Apple Music")

# All that a reader sees or hears, but for names (translate="no"), code and keys.
_VISIBLE = """() => {
  const silent = "[translate=no], code, kbd, pre, script, style, svg, .ms-log";
  const found = new Set();
  const seen = (element) => element.checkVisibility({ checkVisibilityCSS: true });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const text = node.textContent.trim();
    if (text && !parent.closest(silent) && (seen(parent) || parent.closest("option"))) found.add(text);
  }
  for (const element of document.querySelectorAll("[aria-label], [placeholder], [title], [alt], [aria-valuetext], [aria-description]")) {
    if (element.closest(silent) || !seen(element)) continue;
    for (const name of ["aria-label", "placeholder", "title", "alt", "aria-valuetext", "aria-description"]) {
      const text = element.getAttribute(name)?.trim();
      if (text) found.add(text);
    }
  }
  found.add(document.title);
  return [...found];
}"""


def unfold(page: Any) -> None:
    """Open everything that is folded away."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")


def untranslated(page: Any, language: str, names: tuple[str, ...] = ()) -> list[str]:
    """Visible texts that are English, or the key of a text, on a page in another language. `names` may stand in a text as they are."""
    english, own = own_texts("en"), own_texts(language)
    same = {text for key, text in english.items() if own.get(key) == text}
    sentences = {text for text in english.values() if "{" not in text and re.search(r"[A-Za-z]{2}", text)} - same
    bad = []
    for text in page.evaluate(_VISIBLE):
        rest = text
        for name in (*_NAMES, *names):
            rest = rest.replace(name, " ")
        if text in english or text in sentences or _WORDS.search(rest):
            bad.append(text)
    return bad


def violations(page: Any, *, within: str = "body") -> list[str]:
    """What axe-core finds that is serious or critical, a line each."""
    script = os.environ.get("MSST_AXE", "")
    if not Path(script).is_file():
        message = "no axe-core: set MSST_AXE to axe.min.js (scripts/axe.sh fetches it)"
        if os.environ.get("MSST_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Path(script).read_text(encoding="utf-8"))
    found = page.evaluate("(within) => axe.run(within, { resultTypes: ['violations'] })", within)
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def too_wide(page: Any) -> list[str]:
    """What makes the page scroll sideways."""
    return list(
        page.evaluate("""() => {
          const width = document.documentElement.clientWidth;
          if (document.scrollingElement.scrollWidth <= width) return [];
          const wide = [...document.querySelectorAll("body *")].filter((each) => {
            const box = each.getBoundingClientRect();
            return box.width && box.right > width + 1 && each.checkVisibility();
          });
          return wide.slice(-5).map((each) => `${each.tagName} .${each.className} ${Math.round(each.getBoundingClientRect().right)}`);
        }""")
    )


_CONTROLS = "button, a[href], select, input:not([type=range]), summary"
_NO_TARGETS = ".ms-skip, .ms-unseen, p"  # links within a sentence may be as low as its line

_SMALL = """([controls, exempt, least]) => {
  const height = (element) => element?.getBoundingClientRect().height ?? 0;
  const around = (each) => [each, each.closest("label"), ...(each.labels ?? []), each.closest(".ms-toggle")];
  return [...document.querySelectorAll(controls)]
    .filter((each) => each.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) && !each.closest(exempt))
    .filter((each) => height(each) && !around(each).some((box) => height(box) >= least))
    .map((each) => `${each.tagName} ${each.className} "${each.textContent.trim().slice(0, 30)}" ${height(each)}`);
}"""


def too_small(page: Any, least: int = 40) -> list[str]:
    """Controls that a thumb would miss: lower than `least` pixels, and no label around them that is higher."""
    return list(page.evaluate(_SMALL, [_CONTROLS, _NO_TARGETS, least]))

// Shortcuts of the mixer. They never fire while somebody types, and leave to a control the keys that it uses itself.

import { h } from "../dom.js";
import { dialog } from "../kit/dialog.js";
import { t } from "../text.js";

const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable], [role=listbox], [role=combobox], [role=menu], dialog";
const PRESSED = "button, a[href], summary, input[type=checkbox], input[type=radio], [role=tab]"; // Space is theirs
const STEERED = "input[type=range], input[type=radio], [role=tab], [role=slider], pre"; // arrows and Home are theirs

/**
 * Listen on the whole page while `active()`. Returns a function that ends it.
 * @param actions { play, move(seconds), home, mute(index), solo(index), loop, start, end, original, help }
 */
export function shortcuts(actions, active) {
  const listener = (event) => {
    if (!active() || event.defaultPrevented) return;
    // Where AltGr makes the brackets, browsers say Ctrl and Alt.
    if ((event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph")) return;
    if (document.querySelector("dialog[open]")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(TYPING)) return;
    const action = chosen(event, target, actions);
    if (!action) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", listener);
  return () => document.removeEventListener("keydown", listener);
}

function chosen(event, target, { play, move, home, mute, solo, ...named }) {
  if (event.key === "?") return named.help; // these three wherever they are on the keyboard
  if (event.key === "[") return named.start;
  if (event.key === "]") return named.end;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit && !event.repeat) return () => (event.shiftKey ? solo : mute)(Number(digit[1]) - 1);
  if (event.shiftKey) return null;
  if (event.code === "KeyL") return event.repeat ? null : named.loop;
  if (event.code === "KeyO") return event.repeat ? null : named.original;
  if (event.code === "Space") return target.closest(PRESSED) || event.repeat ? null : play;
  if (target.closest(STEERED)) return null;
  if (event.key === "ArrowLeft") return () => move(-5);
  if (event.key === "ArrowRight") return () => move(5);
  return event.key === "Home" ? home : null;
}

/** A window that lists them. */
export function showShortcuts() {
  const keys = [
    ["Space", "mixer.keys.space"],
    ["← →", "mixer.keys.arrows"],
    ["Home", "mixer.keys.home"],
    ["1 – 9", "mixer.keys.digit"],
    ["Shift 1 – 9", "mixer.keys.shift"],
    ["O", "result.keys.original"],
    ["L", "result.keys.loop"],
    ["[  ]", "result.keys.ends"],
    ["?", "result.keys.help"],
  ];
  const lines = keys.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(text))]);
  const notes = [h("p", { class: "ms-hint" }, t("mixer.keys.reset")), h("p", { class: "ms-hint" }, t("result.keys.drag"))];
  return dialog({ title: t("result.keys.title"), body: [h("dl", { class: "ms-keys" }, ...lines), ...notes] });
}

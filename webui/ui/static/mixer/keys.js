// Shortcuts of the mixer. They never fire while somebody types, and leave to a control the keys that it uses itself.

const TYPING = "input:not([type=range]):not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable], [role=listbox], [role=combobox]";
const PRESSED = "button, a[href], summary, input[type=checkbox], input[type=radio], [role=tab]"; // Space is theirs
const STEERED = "input[type=range], input[type=radio], [role=tab], [role=slider], pre"; // arrows and Home are theirs

/** Listen on the whole page. actions: { play, move(seconds), home, mute(index), solo(index) }. Returns a function that ends it. */
export function shortcuts(actions) {
  const listener = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
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

function chosen(event, target, { play, move, home, mute, solo }) {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit && !event.repeat) return () => (event.shiftKey ? solo : mute)(Number(digit[1]) - 1);
  if (event.shiftKey) return null;
  if (event.code === "Space") return target.closest(PRESSED) || event.repeat ? null : play;
  if (target.closest(STEERED)) return null;
  if (event.key === "ArrowLeft") return () => move(-5);
  if (event.key === "ArrowRight") return () => move(5);
  return event.key === "Home" ? home : null;
}

// A button that opens a list of actions. Arrow keys move in it, Escape closes it, as people know it from menus.

import { h, icon } from "../dom.js";
import { follow, route } from "../route.js";
import { attempt } from "./toast.js";

/**
 * @param items () => [{ label, symbol, danger, current, disabled, and one of action, href, to }], asked each time it opens: `action` does
 *   something, and an error is told; `href` is a file; `to` is a place of the page, see `route.link`
 * @param bare show the symbol alone; the label is then only heard
 */
export function menuButton({ label, symbol = "dots", items, className = "ms-button ms-quiet", bare = false }) {
  const list = h("div", { class: "ms-menu", role: "menu", hidden: true, "aria-label": label });
  const button = h(
    "button",
    { type: "button", class: className, "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": bare ? label : null },
    icon(symbol),
    bare ? null : h("span", {}, label),
  );
  const element = h("div", { class: "ms-menu-root" }, button, list);

  function close(back = true) {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (back) button.focus();
  }
  function open() {
    list.replaceChildren(...items().filter(Boolean).map((item) => row(item, close)));
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    place(list);
    list.querySelector("[role=menuitem]:not(:disabled)")?.focus();
  }
  const outside = (event) => element.contains(event.target) || close(false);
  button.addEventListener("click", () => (list.hidden ? open() : close()));
  element.addEventListener("keydown", (event) => {
    const rows = [...list.querySelectorAll("[role=menuitem]:not(:disabled)")];
    const at = rows.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && !list.hidden) close();
    else if (step && list.hidden) open();
    else if (step) rows.at((at + step) % rows.length)?.focus();
    else if (event.key === "Tab" && !list.hidden) return close(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return element;
}

function row({ label, symbol, danger, current, disabled, action, to, href = to && route.link(to) }, close) {
  const props = {
    role: "menuitem",
    tabindex: "-1",
    class: `ms-menu-item${danger ? " ms-bad" : ""}`,
    "aria-current": current ? "true" : null,
    disabled: disabled || null,
    onclick: (event) => {
      close();
      if (to) follow(to)(event);
      else attempt(action);
    },
  };
  const inside = [symbol ? icon(symbol) : null, h("span", {}, label)];
  return href ? h("a", { ...props, href }, ...inside) : h("button", { ...props, type: "button" }, ...inside);
}

// Below the button, or above it where there is no room; never beyond the side of the window.
function place(list) {
  list.classList.remove("ms-up", "ms-left");
  const box = list.getBoundingClientRect();
  if (box.bottom > window.innerHeight) list.classList.add("ms-up");
  if (box.right > document.documentElement.clientWidth) list.classList.add("ms-left");
}

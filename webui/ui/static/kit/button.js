// Buttons, and what they look like while something they began is under way.

import { h, icon } from "../dom.js";
import { attempt } from "./toast.js";

/**
 * @param kind "primary", "danger", "quiet" or "" (plain)
 * @param run what it does; while its promise is pending the button is off, and an error is told
 * @param bare show the symbol alone; the label is then only heard
 */
export function button({ label, symbol = null, kind = "", run, bare = false, ...props }) {
  const element = h(
    "button",
    { type: "button", class: `ms-button${kind ? ` ms-${kind}` : ""}`, "aria-label": bare ? label : null, title: bare ? label : null, ...props },
    symbol ? icon(symbol) : null,
    bare ? null : h("span", {}, label),
  );
  element.addEventListener("click", () => busy(element, run));
  return element;
}

/** Run `work` with the button off until it is done. Errors are told, not thrown. */
export async function busy(element, work) {
  if (element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  await attempt(work);
  element.removeAttribute("aria-busy");
}

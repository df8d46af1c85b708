// Elements without HTML strings: names of songs and messages come from outside and are only ever text.

import { SHAPES } from "./icons.js";

/** h("button", { class: "x", onclick: f, "aria-label": "y" }, "text", child): null children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** A small picture beside a text; it says nothing on its own. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("ms-icon");
  if (!(name in SHAPES)) console.error(`there is no icon ${name}`);
  path.setAttribute("d", SHAPES[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/** Have a control heard with its own name and that of what it belongs to: "Delete", then the song's title. */
export function belongsTo(control, title) {
  number += 1;
  control.id ||= `ms-own-${number}`;
  title.id ||= `ms-title-${number}`;
  control.setAttribute("aria-labelledby", `${control.id} ${title.id}`);
  return control;
}

let number = 0;

/** A region that a screen reader speaks when its text changes. */
export function announcer() {
  const region = h("div", { class: "ms-unseen", role: "status", "aria-live": "polite" });
  return { region, say: (text) => (region.textContent = text) };
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Elements without HTML strings: names of songs and messages come from outside and are only ever text.

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

const SHAPES = {
  play: "M7 4.5v15l13-7.5z",
  pause: "M6 4.5h4.5v15H6zM13.5 4.5H18v15h-4.5z",
  home: "M5 5h2.6v14H5zM20 5v14L9 12z",
  download: "M10.7 3h2.6v9l3.6-3.6 1.8 1.9L12 17l-6.7-6.7 1.8-1.9 3.6 3.6zM4 18.6h16V21H4z",
  close: "M6.2 4.5 12 10.3l5.8-5.8 1.7 1.7-5.8 5.8 5.8 5.8-1.7 1.7-5.8-5.8-5.8 5.8-1.7-1.7 5.8-5.8-5.8-5.8z",
  queued: "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm0 2.4a7.6 7.6 0 1 0 0 15.2 7.6 7.6 0 0 0 0-15.2zM10.9 7h2.2v4.6l3.3 2-1.1 1.8-4.4-2.6z",
  running: "M3 10h2.5v4H3zM7.2 6h2.5v12H7.2zM11.5 3H14v18h-2.5zM15.7 7h2.5v10h-2.5zM20 10h2.5v4H20z",
  completed: "M9.6 18.6 3.4 12.4l1.9-1.9 4.3 4.3 9.1-9.1 1.9 1.9z",
  failed: "M12 2.5 23 21H1zM10.8 9v6h2.4V9zm0 7.4v2.2h2.4v-2.2z",
  cancelled: "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zM6.5 10.8v2.4h11v-2.4z",
};

/** A small picture beside a text; it says nothing on its own. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("ms-icon");
  path.setAttribute("d", SHAPES[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/** A region that a screen reader speaks when its text changes. */
export function announcer() {
  const region = h("div", { class: "ms-unseen", role: "status", "aria-live": "polite" });
  return { region, say: (text) => (region.textContent = text) };
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// How the page is reached: from this computer, and with a QR code from a phone in the same network.

import { address } from "../base.js";
import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { copy } from "../kit/copy.js";
import { showRows } from "../kit/list.js";
import { t } from "../text.js";
import { machine } from "./machine.js";

const LOCAL = /^https?:\/\/(127\.|localhost|\[::1\])/;

export function addresses() {
  const list = h("ul", { class: "ms-addresses" });
  const rows = new Map();
  const alone = h("p", { class: "ms-hint" }, t("settings.address.alone"));
  machine.subscribe((system) => {
    const here = document.baseURI.replace(/[?#].*$/, "").replace(/\/$/, "");
    const all = [...new Set([...system.addresses, LOCAL.test(here) ? system.addresses[0] : here])];
    showRows(list, rows, all, { key: (each) => each, make: (each) => ({ element: addressRow(each, { open: !LOCAL.test(each) && all.length < 3 }) }) });
    alone.hidden = all.some((each) => !LOCAL.test(each));
  });
  return h(
    "section",
    { class: "ms-card ms-stack", "data-panel": "addresses" },
    h("h3", {}, t("settings.addresses")),
    h("p", { class: "ms-hint" }, t("settings.addresses.about")),
    list,
    alone,
  );
}

/** An address to click, to copy, and as a QR code. `open`: show the code at once. */
export function addressRow(text, { open = false } = {}) {
  const local = LOCAL.test(text);
  const place = h("div", { class: "ms-qr", hidden: true });
  const show = button({ label: t("settings.qr"), symbol: "external", kind: "quiet", "aria-expanded": "false", run: flip });
  function flip() {
    place.hidden = !place.hidden;
    show.setAttribute("aria-expanded", !place.hidden);
    if (place.hidden || place.firstChild) return;
    const source = address(`api/v1/qr?text=${encodeURIComponent(text)}`);
    place.append(h("img", { src: source, alt: t("settings.qr.of", { address: text }), width: "180", height: "180" }), h("p", { class: "ms-hint" }, t("settings.qr.about")));
  }
  if (open && !local) flip();
  return h(
    "li",
    {},
    h(
      "div",
      { class: "ms-row" },
      h("a", { href: text, translate: "no", class: "ms-address" }, text),
      h("span", { class: "ms-tag" }, t(local ? "settings.address.here" : "settings.address.network")),
      button({ label: t("kit.copy"), symbol: "copy", kind: "quiet", run: () => copy(text) }),
      local ? null : show,
    ),
    place,
  );
}

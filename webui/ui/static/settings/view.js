// Settings: one part at a time, named in the address. What is changed is saved at once.

import { h } from "../dom.js";
import { empty } from "../kit/empty.js";
import { button } from "../kit/button.js";
import { reason } from "../kit/toast.js";
import { follow, route } from "../route.js";
import { t } from "../text.js";
import { PARTS } from "./groups.js";
import { known } from "./known.js";
import { machine } from "./machine.js";
import { part } from "./part.js";

export function view(place) {
  const links = new Map(PARTS.map((name) => [name, h("a", { class: "ms-part-link", href: "", onclick: follow(() => at(name)) }, t(`settings.part.${name}`))]));
  const nav = h("nav", { class: "ms-setting-parts", "aria-label": t("settings.parts") }, ...links.values());
  const body = h("div", { class: "ms-part-body" });
  const made = new Map();
  place.append(h("div", { class: "ms-head" }, h("h2", {}, t("tab.settings"))), h("div", { class: "ms-settings" }, nav, body));

  function draw() {
    const open = opened();
    for (const [name, link] of links) {
      link.href = route.link(at(name));
      if (name === open) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (known.list === null) return;
    if (!made.has(open)) made.set(open, part(open));
    const wanted = made.get(open);
    if (body.firstChild !== wanted) body.replaceChildren(wanted);
  }

  body.append(h("p", { class: "ms-empty" }, t("kit.loading")));
  machine.start();
  known.start((error) => {
    const again = button({ label: t("kit.retry"), run: () => location.reload() });
    body.replaceChildren(empty({ symbol: "failed", text: reason(error), action: again }));
  });
  known.subscribe(draw);
  route.subscribe(() => route.tab === "settings" && draw());
}

const at = (name) => ({ tab: "settings", group: name === PARTS[0] ? null : name });
const opened = () => (PARTS.includes(route.get("group")) ? route.get("group") : PARTS[0]);

// Tools: what else one does with sounds. A list of cards, or the one that the address names: `?tab=tools&tool=convert`.

import { h, icon } from "../dom.js";
import { follow, route } from "../route.js";
import { t } from "../text.js";
import { GROUPS, find, key } from "../tools/index.js";

export function tab(place) {
  const opened = new Map(); // tool -> element, kept: what was chosen in it is still there when one comes back
  const list = overview();
  const view = h("div", {});
  place.append(view);
  let shown = null;
  route.subscribe(() => {
    if (route.tab !== "tools") return;
    const tool = find(route.get("tool"));
    if (tool === shown && view.childElementCount) return;
    const first = !view.childElementCount;
    shown = tool;
    if (tool && !opened.has(tool)) opened.set(tool, page(tool));
    view.replaceChildren(tool ? opened.get(tool) : list);
    if (!first) view.querySelector("h2").focus({ preventScroll: true });
    if (!first) window.scrollTo({ top: 0 });
  });
}

function overview() {
  const card = ({ id, symbol }) =>
    h(
      "li",
      {},
      h(
        "a",
        { class: "ms-tool-card", href: route.link({ tab: "tools", tool: id }), onclick: follow({ tab: "tools", tool: id }), "data-tool": id },
        icon(symbol),
        h("strong", {}, t(key(id))),
        h("span", { class: "ms-facts" }, t(`${key(id)}.about`)),
      ),
    );
  const group = ({ name, tools }) =>
    h("section", { "aria-labelledby": `tools-${name}` }, h("h3", { id: `tools-${name}` }, t(`tools.group.${name}`)), h("ul", { class: "ms-tool-cards" }, ...tools.map(card)));
  return h(
    "div",
    { class: "ms-stack" },
    h("div", { class: "ms-head" }, h("h2", { tabindex: "-1" }, t("tab.tools"))),
    ...GROUPS.map(group),
    h("section", { "aria-labelledby": "tools-later" }, h("h3", { id: "tools-later" }, t("tools.group.later")), h("ul", { class: "ms-later" }, ...["midi", "training"].map((name) => h("li", {}, h("strong", {}, t(`tools.later.${name}`)), " ", t(`tools.later.${name}.about`))))),
  );
}

function page({ id, open }) {
  const others = h("a", { class: "ms-button ms-quiet", href: route.link({ tab: "tools" }), onclick: follow({ tab: "tools" }) }, icon("left"), h("span", {}, t("tools.all")));
  return h(
    "div",
    { class: "ms-stack", "data-open": id },
    h("div", { class: "ms-tool-head" }, others, h("h2", { tabindex: "-1" }, t(key(id))), h("p", { class: "ms-hint" }, t(`${key(id)}.about`))),
    open().element,
  );
}

// Where models come from, and what had to be left out of the user's own files.

import { json } from "../base.js";
import { h, icon } from "../dom.js";
import { follow, route } from "../route.js";
import { find, t } from "../text.js";
import { configuredEndpoints, endpointName } from "./elsewhere.js";

/** Fills `place` with the mirrors and a link to where they are set. */
export async function sources(place) {
  const to = { tab: "settings", group: "downloads" };
  const settings = h("a", { class: "ms-button", href: route.link(to), onclick: follow(to) }, icon("settings"), h("span", {}, t("models.sources.settings")));
  const list = h("ol", { class: "ms-mirrors", translate: "no" });
  place.append(h("p", {}, t("models.sources.about")), list, h("div", {}, settings));
  const endpoints = await configuredEndpoints();
  list.replaceChildren(...endpoints.map((each) => h("li", {}, endpointName(each))));
}

/** Fills `place` where there are problems. Returns { refresh() }. */
export function problems(place) {
  const refresh = async () => {
    const { problems: found } = await json("models/problems").catch(() => ({ problems: [] }));
    place.hidden = !found.length;
    place.replaceChildren(
      h("h2", {}, t("models.problems")),
      h("p", {}, t("models.problems.about")),
      h("ul", { class: "ms-problem-lines" }, ...found.map(line)),
    );
  };
  place.hidden = true;
  refresh();
  return { refresh };
}

function line({ file, record, field, message }) {
  const where = [file, record, field].filter(Boolean).join(" › ");
  const kind = find(`models.problems.${file === "defaults.json" ? "option" : record ? "record" : "file"}`);
  const said = message === "Field required" ? t("models.problems.required") : h("code", { lang: "en" }, message);
  return h("li", {}, h("code", {}, where), ` ${kind} `, said);
}

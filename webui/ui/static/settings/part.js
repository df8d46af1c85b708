// One part of the settings: its rows, and the panels that belong to it.

import { h } from "../dom.js";
import { t } from "../text.js";
import { about } from "./about.js";
import { access } from "./access.js";
import { addresses } from "./addresses.js";
import { browser } from "./browser.js";
import { disk } from "./disk.js";
import { settingsOf } from "./groups.js";
import { known } from "./known.js";
import { machine } from "./machine.js";
import { naming } from "./naming.js";
import { row } from "./row.js";
import { sharing } from "./sharing.js";

const PANELS = {
  general: [browser],
  network: [addresses, sharing, access],
  storage: [disk],
  about: [about],
};

const HEADINGS = { general: "settings.server", network: "settings.reach", about: "settings.log" };

export function part(name) {
  const { first, folded } = settingsOf(name, known.list);
  const rows = new Map([...first, ...folded].map((setting) => [setting.name, row(setting, { below: setting.name === "output_name" ? naming() : null })]));
  const elements = (list) => list.map((setting) => rows.get(setting.name).element);
  const more = folded.length
    ? h("details", { class: "ms-details ms-settings-more" }, h("summary", {}, t("settings.more")), h("div", { class: "ms-setting-list" }, ...elements(folded)))
    : null;
  const heading = h("h3", {}, t(HEADINGS[name] ?? `settings.part.${name}`));
  const own = h("section", { class: "ms-card ms-stack" }, heading, h("div", { class: "ms-setting-list" }, ...elements(first)), more);
  const draw = () => {
    for (const [setting, made] of rows) if (known.get(setting)) made.update(known.get(setting), machine.now);
  };
  known.subscribe(draw);
  machine.subscribe(draw);
  const panels = (PANELS[name] ?? []).map((make) => make());
  return h("div", { class: "ms-stack", "data-part": name }, ...panels, own);
}

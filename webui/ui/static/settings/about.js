// What this is, under which licence, and a text for whoever helps.

import { address, request } from "../base.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { copy } from "../kit/copy.js";
import { deviceName, t } from "../text.js";
import { machine } from "./machine.js";

/** What it is built on, and the licences of that (SPDX). */
const BUILT_ON = [
  ["PyTorch", "BSD-3-Clause"],
  ["FFmpeg (PyAV)", "LGPL-2.1-or-later"],
  ["libsndfile", "LGPL-2.1-or-later"],
  ["libsoxr", "LGPL-2.1-or-later"],
  ["Pedalboard", "GPL-3.0-only"],
  ["librosa", "ISC"],
  ["NumPy", "BSD-3-Clause"],
  ["Gradio", "Apache-2.0"],
  ["FastAPI", "MIT"],
  ["DBOS Transact", "MIT"],
];

export function about() {
  const facts = h("dl", { class: "ms-pairs" });
  machine.subscribe((system) => {
    const pairs = [
      [t("settings.about.version"), system.version],
      ["Python", system.python],
      ["PyTorch", system.torch],
      [t("settings.about.system"), system.system],
      [t("settings.about.device"), deviceName(system.device.name)],
    ];
    const key = JSON.stringify(pairs);
    if (facts.dataset.drawn === key) return;
    facts.dataset.drawn = key;
    facts.replaceChildren(...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { translate: "no" }, value)]));
  });
  return h(
    "div",
    { class: "ms-stack" },
    h("section", { class: "ms-card ms-stack", "data-panel": "about" }, h("h3", { translate: "no" }, "MSST-WebUI"), facts, licences(), links()),
    diagnostics(),
  );
}

function licences() {
  const rows = BUILT_ON.flatMap(([name, licence]) => [h("dt", {}, name), h("dd", {}, licence)]);
  return h(
    "div",
    {},
    h("p", {}, t("settings.licence")),
    h("p", { class: "ms-hint" }, t("settings.licence.models")),
    h("details", { class: "ms-details" }, h("summary", {}, t("settings.licence.built")), h("dl", { class: "ms-pairs", translate: "no" }, ...rows)),
  );
}

function links() {
  const link = (name, href) => h("li", {}, h("a", { href, target: "_blank", rel: "noopener" }, t(`settings.link.${name}`)));
  return h(
    "ul",
    { class: "ms-links", "aria-label": t("settings.links") },
    link("rest", address("docs")),
    link("openapi", address("openapi.json")),
  );
}

function diagnostics() {
  const text = h("pre", { class: "ms-log", tabindex: "0", "aria-label": t("settings.diagnostics"), hidden: true });
  const load = async () => (await request("diagnostics", { cache: "no-store" })).text();
  const show = button({
    label: t("settings.diagnostics.show"),
    kind: "quiet",
    async run() {
      setText(text, await load());
      text.hidden = false;
    },
  });
  return h(
    "section",
    { class: "ms-card ms-stack", "data-panel": "diagnostics" },
    h("h3", {}, t("settings.diagnostics")),
    h("p", { class: "ms-hint" }, t("settings.diagnostics.about")),
    h(
      "div",
      { class: "ms-row" },
      button({ label: t("kit.copy"), symbol: "copy", run: async () => copy(await load()) }),
      h("a", { class: "ms-button", href: address("api/v1/diagnostics"), download: "msst-diagnostics.txt" }, t("settings.diagnostics.download")),
      show,
    ),
    text,
  );
}

// All about one model, below its row: what the numbers mean, where it comes from, its files, and how the reader wants it to be used.

import { copy } from "../kit/copy.js";
import { json } from "../base.js";
import { h, icon } from "../dom.js";
import { modelPath } from "../installs.js";
import { button } from "../kit/button.js";
import { reason } from "../kit/toast.js";
import { route } from "../route.js";
import { size, t } from "../text.js";
import { fileActions } from "./files.js";
import { optionsForm } from "./options.js";
import { categoryName, decibels, familyName, nameAmong, stemList, times, whyNot } from "../kit/model_words.js";

/** Returns { element, refresh() }; it fills itself. */
export function details(model) {
  const element = h("div", { class: "ms-stack" });
  async function refresh() {
    if (!element.childElementCount) element.replaceChildren(h("p", { class: "ms-hint", role: "status" }, t("kit.loading")));
    try {
      fill(element, await json(modelPath(model.name)));
    } catch (error) {
      const again = button({ label: t("kit.retry"), symbol: "again", run: refresh });
      element.replaceChildren(h("p", { class: "ms-bad-text", role: "alert" }, reason(error)), h("div", {}, again));
    }
  }
  refresh();
  return { element, refresh };
}

function fill(element, model) {
  element.replaceChildren(
    ...[
      model.supported ? null : refusal(model),
      h("div", { class: "ms-model-about" }, list(model), scores(model)),
      fileActions(model),
      model.supported ? optionsForm(model) : null,
    ].filter(Boolean),
  );
}

function refusal(model) {
  const command = model.packages.length ? h("p", {}, h("code", {}, `pip install ${model.packages.join(" ")}`)) : null;
  return h("div", { class: "ms-note ms-warn" }, icon("warning"), h("div", {}, h("p", {}, whyNot(model)), command));
}

function list(model) {
  const rows = [
    ["models.fact.stems", stemList(model.stems)],
    ["models.fact.category", categoryName(model.category)],
    ["models.fact.size", model.bytes ? size(model.bytes) : t("models.fact.size.built_in")],
    ["models.fact.speed", model.speed == null ? t("models.unmeasured") : t("models.fact.speed.value", { times: times(model.speed) })],
    ["models.fact.memory", model.memory == null ? t("models.unmeasured") : t("models.fact.memory.value", { size: size(model.memory) })],
    ["models.fact.licence", model.licence ? name(model.licence) : t("models.fact.licence.unknown")],
    ["models.fact.family", name(familyName(model.family))],
    ["models.fact.rate", name(`${model.sample_rate / 1000} kHz`)],
    ["models.fact.name", h("code", {}, model.name)],
    ["models.fact.aliases", model.aliases.length ? h("code", {}, model.aliases.join(", ")) : null],
    ["models.fact.checksum", model.sha256 ? checksum(model.sha256) : null],
    ["models.fact.sources", model.sources.length ? sources(model.sources) : null],
    ["models.fact.link", copyLink(model)],
  ];
  return h("dl", { class: "ms-facts-list" }, ...rows.filter(([, value]) => value).flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
}

const name = (text) => h("span", { translate: "no" }, text);

function checksum(sha256) {
  return h("span", { class: "ms-row" }, h("code", { title: sha256 }, `${sha256.slice(0, 16)}…`), button({ label: t("kit.copy"), symbol: "copy", kind: "quiet", run: () => copy(sha256) }));
}

function copyLink(model) {
  const address = new URL(route.link({ tab: "models", model: model.name }), location.href).href;
  return button({ label: t("models.copy_link"), symbol: "link", kind: "quiet", run: () => copy(address) });
}

function sources(addresses) {
  const links = addresses.map((address) =>
    h("li", {}, h("a", { href: address, target: "_blank", rel: "noopener noreferrer", translate: "no" }, new URL(address).host, icon("external"))),
  );
  return h("ul", { class: "ms-row" }, ...links);
}

function scores(model) {
  const found = Object.entries(model.scores);
  if (!found.length) return null;
  const values = ["sdr", "sir", "sar", "isr"].filter((each) => found.some(([, score]) => score[each] != null));
  const head = h("tr", {}, h("th", { scope: "col" }, t("models.score.stem")), ...values.map((each) => h("th", { scope: "col", translate: "no" }, each.toUpperCase())));
  const body = found.map(([stem, score]) =>
    h("tr", {}, h("th", { scope: "row" }, nameAmong(stem, model.stems)), ...values.map((each) => h("td", {}, score[each] == null ? "–" : decibels(score[each])))),
  );
  return h(
    "div",
    { class: "ms-scores" },
    h("h4", {}, t("models.score.title")),
    h("div", { class: "ms-scroll", tabindex: "0", role: "region", "aria-label": t("models.score.title") }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...body))),
    h("p", { class: "ms-hint" }, t("models.score.about")),
    values.length > 1 ? h("p", { class: "ms-hint" }, t("models.score.others")) : null,
  );
}

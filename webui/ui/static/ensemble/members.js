// The models that are combined: added, weighed, installed where they are missing.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { empty } from "../kit/empty.js";
import { field, select, setOptions } from "../kit/form.js";
import { installButton } from "../kit/install_button.js";
import { showRows } from "../kit/list.js";
import { about, pickModel } from "../kit/model_picker.js";
import { poll } from "../kit/poll.js";
import { size, stemName, t } from "../text.js";
import { modelOf, ownStem } from "./models.js";
import { settings } from "./settings.js";
import { weights } from "./weight.js";

const FEWEST_MODELS = 2; // a stem that one model alone gives cannot be combined

/**
 * @param onchange called when what is known of the members has changed
 * Returns { element, problem, show(algorithm) }.
 */
export function members({ onchange }) {
  const stem = select({ options: [{ value: settings.value.stem, label: stemName(settings.value.stem) }], value: settings.value.stem, onchange: toStem });
  const list = h("ul", { class: "ms-members", "aria-label": t("ensemble.members") });
  const same = h("p", { class: "ms-hint", role: "status" });
  const rows = new Map();
  const add = button({ label: t("ensemble.add"), symbol: "plus", run: pick });
  const suggest = button({ label: t("ensemble.suggest"), kind: "primary", run: () => takeTwo(offer) });
  const nothing = h("div", {}, empty({ symbol: "ensemble", text: t("ensemble.empty"), action: suggest }));
  let algorithm = null;
  let offer = [];
  let purposes = [];

  async function pick() {
    const model = await pickModel({ title: t("ensemble.pick", { stem: stemName(stem.value) }), stem: stem.value });
    if (model) settings.add(model.name, ownStem(model, stem.value) || model.stems[0]);
  }
  function takeTwo(models) {
    for (const model of models) settings.add(model.name, model.stems.find((each) => each.toLowerCase() === stem.value) ?? "");
    return Promise.all(models.map(match));
  }
  // A suggestion says what stems there are, not which of them is meant.
  async function match({ name }) {
    const model = await modelOf(name);
    for (const member of settings.value.members) if (model && member.name === name) settings.change(member.key, { stem: ownStem(model, stem.value) });
  }
  async function toStem(wanted) {
    settings.set({ stem: wanted });
    for (const { name } of settings.value.members) await match({ name });
    suggestions();
  }
  function suggestions() {
    const found = purposes.find(({ name }) => name === settings.value.stem.replaceAll(" ", "_"));
    const all = found ? [found.best, ...found.also, found.fast].filter((model) => model?.supported) : [];
    offer = [...new Map(all.map((model) => [model.name, model])).values()].slice(0, 2);
    suggest.hidden = offer.length < 2;
    const bytes = offer.reduce((sum, model) => sum + (model.installed ? 0 : (model.bytes ?? 0)), 0);
    setText(suggest.querySelector("span"), bytes ? t("ensemble.suggest.size", { size: size(bytes) }) : t("ensemble.suggest"));
  }
  function draw({ members: all, stem: wanted }) {
    if (stem.value !== wanted) stem.value = wanted;
    showRows(list, rows, all, { key: (member) => member.key, make: (member) => new Row(member, () => (onchange(), draw(settings.value))) });
    if (algorithm) for (const row of rows.values()) row.weights.show(algorithm);
    nothing.hidden = all.length > 0;
    const first = all[0];
    const twice = all.length > 1 && all.every((member) => member.name === first.name && member.stem === first.stem);
    setText(same, twice ? t("ensemble.same") : "");
  }
  // Until the server has answered: the stems there are, and what it recommends for them.
  const asking = poll(async () => {
    const [{ stems }, told] = await Promise.all([json("models/categories"), json("purposes")]);
    const found = stems.filter(({ name, count }) => count >= FEWEST_MODELS || name === settings.value.stem);
    setOptions(stem, found.map(({ name }) => ({ value: name, label: stemName(name) })), settings.value.stem);
    ({ purposes } = told);
    suggestions();
    asking.stop();
    return 60000;
  });
  suggest.hidden = true;
  settings.subscribe(draw);
  return {
    element: h("div", { class: "ms-stack" }, field({ label: t("ensemble.stem"), control: stem }).element, nothing, list, same, h("div", {}, add)),
    /** Why these cannot be combined, or "". */
    get problem() {
      const all = [...rows.values()];
      if (all.length < 2) return t("ensemble.need.models");
      if (all.some((row) => row.lost)) return t("ensemble.need.known");
      if (all.some((row) => row.without)) return t("ensemble.need.stem", { stem: stemName(settings.value.stem) });
      return all.some((row) => row.missing) ? t("ensemble.need.installed") : "";
    },
    show(flags) {
      algorithm = flags;
      for (const row of rows.values()) row.weights.show(flags);
    },
  };
}

class Row {
  constructor(member, changed) {
    this.member = member;
    this._changed = changed;
    this.missing = false; // not installed
    this.lost = false; // the catalogue does not know it
    this.without = false; // it does not give the stem
    this.title = h("h4", { translate: "no" }, member.name);
    this.facts = h("p", { class: "ms-facts" });
    this.problem = h("p", { class: "ms-bad-text", role: "alert" });
    this.install = h("div", {});
    this.weights = weights(member, (value) => settings.change(member.key, value));
    this.cross = button({ label: t("ensemble.remove", { title: member.name }), symbol: "close", kind: "quiet", bare: true, run: () => settings.remove(member.key) });
    this.element = h("li", { class: "ms-member" }, h("div", { class: "ms-member-head" }, h("div", {}, this.title, this.facts), this.cross), this.problem, this.install, this.weights.element);
    this._load();
  }

  update(member) {
    this.member = member;
    if (this._model) this._judge();
  }

  close() {
    this._button?.close();
  }

  async _load() {
    const asking = poll(async () => {
      this._model = await modelOf(this.member.name);
      asking.stop();
      this._judge();
      this._changed();
      return 60000;
    });
  }

  _judge() {
    const model = this._model;
    this.lost = !model;
    if (!model) return setText(this.problem, t("ensemble.lost"));
    this.without = !this.member.stem || !model.stems.includes(this.member.stem) || model.usual_stems[model.stems.indexOf(this.member.stem)] !== settings.value.stem;
    setText(this.title, model.title);
    setText(this.facts, about(model));
    const remove = t("ensemble.remove", { title: model.title });
    this.cross.setAttribute("aria-label", remove);
    this.cross.title = remove;
    setText(this.problem, this.without ? t("ensemble.without", { stem: stemName(settings.value.stem) }) : "");
    this.missing = !model.installed;
    if (this.missing && !this._button) {
      const oninstalled = () => {
        this._model = { ...this._model, installed: true };
        this.missing = false;
        this._changed();
      };
      this._button = installButton(model, { oninstalled, kind: "primary" });
      this.install.append(this._button.element);
    }
    return undefined;
  }
}

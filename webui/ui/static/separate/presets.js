// The presets as a list to choose from, with a field to search in.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { input } from "../kit/form.js";
import { later } from "../kit/model_picker.js";
import { poll } from "../kit/poll.js";
import { find, t } from "../text.js";
import { choice, chosenByHand } from "./choice.js";

export function presets() {
  const list = h("div", { class: "ms-preset-list", id: "preset", role: "radiogroup", "aria-label": t("separate.by.preset") });
  const state = h("p", { class: "ms-hint", role: "status" }, t("kit.loading"));
  const search = input({ type: "search", placeholder: t("separate.preset.search"), "aria-label": t("separate.preset.search"), oninput: later(draw, 100) });
  let entries = null;

  function draw() {
    if (!entries) return;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = entries.filter(({ title, about, name }) => words.every((word) => `${title} ${about} ${name}`.toLowerCase().includes(word)));
    setText(state, found.length ? "" : t("separate.preset.none"));
    list.replaceChildren(...found.map(row));
    mark();
  }
  function mark() {
    for (const radio of list.querySelectorAll("input")) radio.checked = radio.value === choice.value.preset;
  }
  async function load() {
    entries = (await json("presets?runnable=false")).presets.filter((preset) => !preset.problem).map(entry);
    entries.sort((a, b) => b.own - a.own || b.here - a.here);
    draw();
  }
  // Until the server has answered; and anew whenever the list is opened, as it is made in another tab.
  let asking = null;
  function refresh() {
    asking?.stop();
    asking = poll(async () => {
      await load();
      asking.stop();
      return 60000;
    });
  }
  choice.subscribe(mark);
  return { element: h("div", { class: "ms-stack" }, search, state, list), refresh };
}

function entry({ name, title, description, own, missing }) {
  const known = own ? null : find(`preset.${name}`);
  return { name, own, here: !missing.length, title: known ?? title ?? name, about: (own ? null : find(`preset.${name}.about`)) ?? description };
}

function row({ name, own, title, about, here }) {
  const radio = h("input", { type: "radio", name: "ms-separate-preset", value: name, onchange: () => chosenByHand({ preset: name }) });
  const head = h("span", { class: "ms-preset-title" }, h("span", { translate: own ? "no" : null }, title), here ? null : h("span", { class: "ms-tag" }, t("separate.download")));
  return h("label", { class: "ms-choice" }, radio, h("span", { class: "ms-choice-text" }, head, h("small", { translate: own ? "no" : null }, about)));
}

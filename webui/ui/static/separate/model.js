// A single model, for those who know which one they want.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { about as inWords, pickModel } from "../kit/model_picker.js";
import { find, t } from "../text.js";
import { choice, chosenByHand } from "./choice.js";
import { stems } from "./stems.js";

export function model() {
  const title = h("p", { class: "ms-chosen-title", translate: "no" });
  const facts = h("p", { class: "ms-hint" });
  const other = button({
    label: t("separate.model.choose"),
    symbol: "search",
    id: "model",
    run: async () => {
      const picked = await pickModel();
      if (picked) chosenByHand({ by: "model", model: picked.name, family: picked.family, stems: [] });
    },
  });
  const kept = stems();
  let shown = "";
  async function draw() {
    const { by, model: name } = choice.value;
    if (by !== "model" || name === shown) return;
    shown = name;
    setText(title, name);
    setText(facts, "");
    kept.offer([]);
    try {
      const found = await json(`models/${encodeURIComponent(name)}`);
      if (name !== choice.value.model) return;
      setText(title, found.title);
      setText(facts, inWords(found));
      kept.offer(found.stems);
      if (found.family !== choice.value.family) choice.set({ family: found.family });
    } catch (error) {
      shown = "";
      setText(facts, error.code === "unknown_model" ? find("error.unknown_model", error.params) ?? "" : "");
    }
  }
  choice.subscribe(draw);
  return h("div", { class: "ms-stack" }, h("div", { class: "ms-chosen" }, h("div", {}, title, facts), other), kept.element);
}

// Which stems of the chosen model are kept, where it makes several.

import { h } from "../dom.js";
import { toggle } from "../kit/form.js";
import { nameAmong } from "../kit/model_words.js";
import { isStem, t } from "../text.js";
import { choice, chosenByHand } from "./choice.js";

/** Returns { element, offer(stems) }. */
export function stems() {
  const list = h("div", { class: "ms-row" });
  const element = h("fieldset", { class: "ms-stems", id: "stems", hidden: true }, h("legend", { class: "ms-label" }, t("separate.stems")), list);
  let boxes = [];

  function tell(box) {
    const on = boxes.filter(({ control }) => control.checked);
    if (!on.length) box.checked = true; // one is the least
    else chosenByHand({ stems: on.length === boxes.length ? [] : on.map(({ stem }) => stem) });
  }

  function offer(all) {
    boxes = all.map((stem) => {
      const made = toggle({ label: nameAmong(stem, all), onchange: () => tell(made.control) });
      made.element.querySelector("label").translate = isStem(stem); // any other is a name that its author gave
      return { stem, ...made };
    });
    list.replaceChildren(...boxes.map((box) => box.element));
    element.hidden = all.length < 2;
    show();
  }

  function show() {
    const chosen = choice.value.stems.map((stem) => stem.toLowerCase());
    const known = boxes.some(({ stem }) => chosen.includes(stem.toLowerCase()));
    for (const { stem, control } of boxes) control.checked = !known || chosen.includes(stem.toLowerCase());
  }

  choice.subscribe(show);
  return { element, offer };
}

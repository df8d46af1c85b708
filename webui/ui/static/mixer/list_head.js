// What stands above the stems: how they are drawn, the mixer as it was, and the keys.

import { h, icon } from "../dom.js";
import { choices } from "../kit/form.js";
import { t } from "../text.js";
import { showShortcuts } from "./keys.js";

/** picture: "wave" or "spectrogram"; onpicture(picture) and reset() are called on a choice. */
export function listHead({ picture, onpicture, reset }) {
  const options = ["wave", "spectrogram"].map((value) => ({ value, label: t(`result.picture.${value}`) }));
  const pictures = choices({ label: t("result.picture"), options, value: picture, onchange: onpicture });
  pictures.element.classList.add("ms-pictures");
  const again = h("button", { type: "button", class: "ms-button ms-reset", onclick: reset }, icon("again"), h("span", {}, t("mixer.reset")));
  const keys = h("button", { type: "button", class: "ms-button ms-quiet ms-shortcuts", onclick: showShortcuts }, icon("info"), t("result.keys.title"));
  return h("div", { class: "ms-row ms-list-head" }, pictures.element, h("div", { class: "ms-row" }, again, keys));
}

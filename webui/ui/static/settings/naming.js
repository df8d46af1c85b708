// What a result would be called, while its pattern is typed.

import { h, setText } from "../dom.js";
import { t } from "../text.js";
import { known } from "./known.js";

const EXAMPLE = { song: "Blue Bossa", stem: "vocals", step: "lead", model: "bs_roformer" };

export function naming() {
  const name = h("code", {}, "");
  const element = h("p", { class: "ms-hint ms-naming" }, `${t("settings.naming")} `, name);
  const draw = (template) => {
    const filled = template.replace(/\{(\w+)\}/g, (whole, field) => EXAMPLE[field] ?? whole);
    setText(name, `${filled}.${known.get("output_format").value}`);
  };
  document.addEventListener("input", (event) => event.target.id === "setting-output_name" && draw(event.target.value));
  known.subscribe(() => document.activeElement?.id !== "setting-output_name" && draw(known.get("output_name").value));
  return element;
}

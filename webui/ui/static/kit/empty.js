// What is shown where there is nothing: why, and the one next step.

import { h, icon } from "../dom.js";

export function empty({ symbol, text, action = null }) {
  return h("div", { class: "ms-empty" }, icon(symbol), h("p", {}, text), action);
}

// How the stems are saved.

import { h } from "../dom.js";
import { choices, field, select, setOptions } from "../kit/form.js";
import { WRITABLE, formatOptions } from "../kit/formats.js";
import { onOutputSettings } from "../kit/output_settings.js";
import { t } from "../text.js";
import { choice, chosenByHand } from "./choice.js";

let standard = { container: "wav", subtype: "" }; // of the server's settings

/** The form's fields for POST /jobs; nothing where nothing was chosen: the settings rule then, also those of a moment ago. */
export function outputFields() {
  if (choice.value.container === null) return {};
  const { container, subtype } = shown();
  return { format: container, subtype };
}

function shown() {
  const container = choice.value.container ?? standard.container;
  const known = WRITABLE[container] ?? [""];
  const wanted = [choice.value.subtype, container === standard.container ? standard.subtype : null].find((each) => known.includes(each));
  return { container, subtype: wanted ?? known[0] };
}

export function output() {
  const container = choices({
    label: t("separate.format"),
    options: formatOptions(),
    onchange: (value) => chosenByHand({ container: value, subtype: null }),
  });
  container.element.id = "format";
  const quality = select({ options: [], id: "subtype", onchange: (subtype) => chosenByHand({ container: shown().container, subtype }) });
  const draw = () => {
    const now = shown();
    container.value = now.container;
    setOptions(quality, WRITABLE[now.container].map((value) => ({ value, label: t(`quality.${value}`) })), now.subtype);
  };
  choice.subscribe(draw);
  onOutputSettings((now) => {
    standard = now;
    draw();
  });
  return h(
    "div",
    { class: "ms-options" },
    h("div", { class: "ms-field ms-whole" }, container.element, h("p", { class: "ms-hint" }, t("separate.format.about"))),
    field({ label: t("separate.subtype"), control: quality }).element,
  );
}

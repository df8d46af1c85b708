// How the stems are saved.

import { Away, json } from "../base.js";
import { h } from "../dom.js";
import { choices, field, select, setOptions } from "../kit/form.js";
import { WRITABLE, formatOptions } from "../kit/formats.js";
import { poll } from "../kit/poll.js";
import { route } from "../route.js";
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
  const ask = () => {
    const asking = poll(async () => {
      const { settings } = await json("settings").catch(away);
      const value = (name) => settings.find((each) => each.name === name)?.value;
      standard = { container: value("output_format") ?? "wav", subtype: value("output_subtype") ?? "" };
      draw();
      asking.stop();
      return 60000;
    });
  };
  // Whenever the tab is opened: settings are changed in another one.
  let before = null;
  route.subscribe(() => {
    if (route.tab === "separate" && before !== "separate") ask();
    before = route.tab;
  });
  return h(
    "div",
    { class: "ms-options" },
    h("div", { class: "ms-field ms-whole" }, container.element, h("p", { class: "ms-hint" }, t("separate.format.about"))),
    field({ label: t("separate.subtype"), control: quality }).element,
  );
}

// Without settings to be read (a caller who may not), the standard of the form holds.
function away(error) {
  if (error instanceof Away) throw error;
  return { settings: [] };
}

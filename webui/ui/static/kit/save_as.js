// How results are saved: the format, and the quality that goes with it. As the settings say until something is chosen here.

import { json } from "../base.js";
import { h } from "../dom.js";
import { t } from "../text.js";
import { field, select, setOptions } from "./form.js";
import { WRITABLE, formatOptions } from "./formats.js";

let asked = null; // the settings, asked for once

/**
 * @param key under which this browser remembers what was chosen
 * Returns { element, value } with value { format, subtype }.
 */
export function saveAs(key, { onchange = () => {} } = {}) {
  const place = `msst-save-${key}`;
  let chosen = read(place);
  const kind = select({ options: formatOptions(), value: "wav", onchange: (format) => set(format) });
  const quality = select({ options: [], onchange: (subtype) => set(kind.value, subtype) });
  function show({ format, subtype }) {
    kind.value = format;
    const known = WRITABLE[format];
    setOptions(quality, known.map((value) => ({ value, label: t(`quality.${value}`) })), known.includes(subtype) ? subtype : known[0]);
  }
  function set(format, subtype = "") {
    show({ format, subtype });
    chosen = { format: kind.value, subtype: quality.value };
    localStorage.setItem(place, JSON.stringify(chosen));
    onchange();
  }
  show(chosen ?? { format: "wav" });
  if (!chosen) {
    asked ??= json("settings").then(({ settings }) => Object.fromEntries(settings.map(({ name, value }) => [name, value])), () => ({}));
    asked.then(({ output_format: format, output_subtype: subtype }) => !chosen && format in WRITABLE && show({ format, subtype }));
  }
  return {
    element: h("div", { class: "ms-fields" }, field({ label: t("work.format"), control: kind }).element, field({ label: t("work.quality"), control: quality }).element),
    get value() {
      return { format: kind.value, subtype: quality.value };
    },
  };
}

function read(place) {
  try {
    const found = JSON.parse(localStorage.getItem(place) ?? "null");
    return found?.format in WRITABLE ? found : null;
  } catch {
    return null;
  }
}

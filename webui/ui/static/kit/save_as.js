// How results are saved: the format, and the quality that goes with it. As the settings say until something is chosen here.

import { h } from "../dom.js";
import { t } from "../text.js";
import { field, select, setOptions } from "./form.js";
import { WRITABLE, formatOptions } from "./formats.js";
import { onOutputSettings } from "./output_settings.js";
import { thisBrowser } from "./storage.js";

/**
 * @param key under which this browser remembers what was chosen
 * Returns { element, value } with value { format, subtype }, both empty where nothing was chosen: the settings rule then, also those of a
 * moment ago.
 */
export function saveAs(key) {
  const place = `msst-save-${key}`;
  let chosen = thisBrowser.get(place);
  if (!(chosen?.format in WRITABLE)) chosen = null;
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
    thisBrowser.set(place, chosen);
  }
  if (chosen) show(chosen);
  onOutputSettings(({ container, subtype }) => chosen || show({ format: container, subtype }));
  return {
    element: h("div", { class: "ms-fields" }, field({ label: t("work.format"), control: kind }).element, field({ label: t("work.quality"), control: quality }).element),
    get value() {
      return chosen ?? { format: "", subtype: "" };
    },
  };
}

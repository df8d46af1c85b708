// Copying a text: through the browser's clipboard where the page may, else by hand.

import { h } from "../dom.js";
import { dialog } from "../kit/dialog.js";
import { t } from "../text.js";

/** Resolves to true if it is in the clipboard; else a window shows the text, selected. */
export async function copyText(text, title) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h("input", { type: "text", class: "ms-input", readonly: true, value: text, "aria-label": title });
    dialog({ title, body: [h("p", {}, t("result.link.hand")), field] });
    field.select();
    return false;
  }
}

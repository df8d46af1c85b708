// Texts into the clipboard. Browsers allow it to pages from https and from this computer alone; elsewhere the old way still works.

import { h } from "../dom.js";
import { t } from "../text.js";
import { root } from "./dialog.js";
import { toast } from "./toast.js";

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyOldWay(text);
  }
  toast(t("kit.copied"));
}

// The text must lie inside an open window of the page: everything else is inert.
function copyOldWay(text) {
  const before = document.activeElement;
  const area = h("textarea", { class: "ms-unseen", readonly: true, tabindex: "-1", "aria-hidden": "true" });
  area.value = text;
  (document.querySelector("dialog[open]") ?? root()).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  before?.focus();
}

// Texts into the clipboard. Browsers allow it to pages from https and from this computer alone; elsewhere the old way still works, and where
// that is refused too, a window shows the text to be copied by hand.

import { h } from "../dom.js";
import { dialog, root } from "./dialog.js";
import { toast } from "./toast.js";
import { t } from "../text.js";

export async function copy(text) {
  const done = (await copyNewWay(text)) || copyOldWay(text);
  if (done) toast(t("kit.copied"));
  else showText(text);
}

async function copyNewWay(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// The text must lie inside an open window of the page: everything else is inert.
function copyOldWay(text) {
  const before = document.activeElement;
  const area = h("textarea", { class: "ms-unseen", readonly: true, tabindex: "-1", "aria-hidden": "true" });
  area.value = text;
  (document.querySelector("dialog[open]") ?? root()).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

function showText(text) {
  const label = t("kit.copy_by_hand");
  const field = h("textarea", { class: "ms-input", rows: "3", readonly: true, "aria-label": label, translate: "no" });
  field.value = text;
  dialog({ title: t("kit.copy"), body: [h("p", {}, label), field] });
  field.select();
}

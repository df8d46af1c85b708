// Taking in a preset: a file, or text that somebody sent. Any version; nothing is overwritten.

import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { field } from "../kit/form.js";
import { reason, toast } from "../kit/toast.js";
import { t } from "../text.js";
import { open } from "./actions.js";
import { store, titleOf } from "./store.js";

export async function importPreset() {
  const file = h("input", { type: "file", accept: ".json,application/json", class: "ms-unseen", multiple: true, tabindex: "-1", "aria-hidden": "true" });
  const choose = button({ label: t("presets.import.file"), symbol: "folder", run: () => file.click() });
  const fileProblem = h("p", { class: "ms-bad-text", role: "alert" });
  const fileLine = { setProblem: (problem) => (fileProblem.textContent = problem) };
  const text = h("textarea", { class: "ms-input", rows: 7, spellcheck: "false", translate: "no", placeholder: '{"version": "2.0.0", …}' });
  const textLine = field({ label: t("presets.import.text"), hint: t("presets.import.hint"), control: text });
  const take = button({ label: t("presets.import.action"), kind: "primary", run: () => takeAll([["", text.value]], textLine) });
  const window = dialog({ title: t("presets.import"), body: [h("div", {}, choose, file), fileProblem, textLine.element], actions: [take] });
  file.addEventListener("change", async () => {
    const files = await Promise.all([...file.files].map(async (each) => [each.name, await each.text()]));
    await takeAll(files, fileLine);
    file.value = "";
  });
  text.addEventListener("input", () => textLine.setProblem(""));

  async function takeAll(sent, line) {
    fileLine.setProblem("");
    textLine.setProblem("");
    const made = [];
    const problems = [];
    for (const [name, content] of sent) {
      try {
        made.push(await store.take(content));
      } catch (error) {
        problems.push([name, placeOf(error), reason(error)].filter(Boolean).join(": "));
      }
    }
    line.setProblem(problems.join("\n"));
    if (!made.length) return;
    toast(made.length === 1 ? t("presets.imported", { title: titleOf(made[0]) }) : t("presets.imported.many", { count: made.length }));
    if (!problems.length) window.close();
    open(made.at(-1).name);
  }
  await window.closed;
}

/** Where in a preset something is wrong, in words. */
function placeOf({ params }) {
  const [, kind, index] = /^\/(steps|flow|outputs)\/(\d+)/.exec(params?.place ?? "") ?? [];
  if (!kind) return "";
  return t(kind === "outputs" ? "presets.at.output" : "presets.at.step", { number: Number(index) + 1 });
}

// A passage that did not come out well, separated again with something else and faded into the stem.

import { json, send } from "../base.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { field, select } from "../kit/form.js";
import { pickModel } from "../kit/model_picker.js";
import { clock, find, resultName, t } from "../text.js";
import { heading } from "./facts.js";

const FADE_S = 0.05;
const LEAST_S = 0.5;

/** Ask what with; resolves to { begin, label } for Works, or null. The passage is the mixer's loop. */
export async function replaceRegion(job, desk, file) {
  const { loop } = desk;
  if (!loop || loop.end - loop.start < LEAST_S) {
    const close = button({ label: t("kit.close"), kind: "primary", run: () => hint.close() });
    const hint = dialog({ title: heading("result.replace"), body: [h("p", {}, t("result.replace.noloop"))], actions: [close] });
    await hint.closed;
    return null;
  }
  let how = null; // { preset } or { model }
  const stem = field({
    label: t("result.replace.stem"),
    control: select({ options: job.results.map((result) => ({ value: result.file, label: resultName(result) })), value: file ?? job.results[0].file, onchange: () => offer() }),
  });
  const name = () => job.results.find((result) => result.file === stem.value);
  const presets = h("div", { class: "ms-row" });
  const chosen = h("p", { role: "status" }, t("result.replace.choose"));
  const start = button({ label: t("result.replace.start"), symbol: "again", kind: "primary", disabled: true, run: () => window.close(true) });
  const choose = (choice, title) => {
    how = choice;
    setText(chosen, t("result.replace.with", { title }));
    start.disabled = false;
  };
  const model = button({
    label: t("result.replace.model"),
    symbol: "models",
    run: async () => {
      const picked = await pickModel({ stem: name().stem });
      if (picked) choose({ model: picked.name }, picked.title);
    },
  });
  const offer = async () => {
    how = null;
    start.disabled = true;
    setText(chosen, t("result.replace.choose"));
    presets.replaceChildren(model);
    const { presets: all } = await json("presets");
    const fitting = all.filter((each) => !each.problem && !each.missing.length && each.name !== job.preset && each.stems.some((one) => same(one, name().stem)));
    presets.replaceChildren(
      ...fitting.slice(0, 8).map((each) => {
        const title = each.own ? each.title : find(`preset.${each.name}`) ?? each.title;
        return button({ label: title, run: () => choose({ preset: each.name }, title) });
      }),
      model,
    );
  };
  offer().catch(() => {}); // models can be chosen all the same
  const about = h("p", {}, t("result.replace.about", { start: clock(loop.start, 1), end: clock(loop.end, 1) }));
  const window = dialog({ title: heading("result.replace"), body: [about, stem.element, h("p", { class: "ms-label" }, t("result.replace.how")), presets, chosen], actions: [start] });
  if (!(await window.closed) || !how) return null;
  const { container, subtype } = job.format ?? {};
  const body = { file: stem.value, start: loop.start, end: loop.end, fade: FADE_S, format: container, subtype, title: job.title, door: "ui", ...how };
  return {
    label: t("result.replace.label", { stem: resultName(name()), start: clock(loop.start, 1), end: clock(loop.end, 1) }),
    begin: () => send(`jobs/${encodeURIComponent(job.id)}/replace`, body),
  };
}

const same = (one, other) => one.toLowerCase() === other.toLowerCase();

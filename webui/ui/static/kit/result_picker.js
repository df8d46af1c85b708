// Take something that an earlier job made: a window with the latest results, and a button that opens it beside a place for songs.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { clock, find, resultName, t, when } from "../text.js";
import { button } from "./button.js";
import { dialog } from "./dialog.js";
import { empty } from "./empty.js";
import { input } from "./form.js";
import { later } from "./model_picker.js";
import { reason } from "./toast.js";

const JOBS = 40;

/**
 * Let the reader choose results. Resolves to [{ reference: { job, file } or { job }, facts }], empty if none was taken.
 * @param multiple whether more than one can be taken
 */
async function pickResults({ multiple = false } = {}) {
  const list = h("div", { class: "ms-takes" });
  const note = h("p", { class: "ms-hint", role: "status" }, t("kit.loading"));
  const chosen = new Map(); // "job/file" -> what is taken
  const take = button({ label: t("work.results.take"), kind: "primary", run: () => window.close([...chosen.values()]) });
  take.disabled = true;
  const window = dialog({ title: t("work.results.title"), wide: true, actions: multiple ? [take] : [] });
  let turn = 0;
  async function search(text = "") {
    const mine = (turn += 1);
    try {
      const { jobs } = await json(`jobs?${new URLSearchParams({ state: "completed", limit: JOBS, text })}`);
      if (mine !== turn) return;
      const made = jobs.filter((job) => job.results.length);
      setText(note, "");
      list.replaceChildren(...made.map(group));
      if (!made.length) list.append(empty({ symbol: "result", text: t(text ? "work.results.nothing" : "work.results.none") }));
    } catch (error) {
      if (mine === turn) setText(note, reason(error));
    }
  }
  function group(job) {
    const rows = job.results.map((result) => row(`${job.id}/${result.file}`, resultName(result), result.file, ofResult(job, result), !knownStem(result.stem)));
    if (!job.inputs_gone) rows.push(row(job.id, t("stem.mixture"), job.file, { reference: { job: job.id }, facts: { name: job.file, duration: job.duration } }));
    return h("section", { class: "ms-takes-job" }, h("h3", { translate: "no" }, job.title), h("p", { class: "ms-facts" }, when(job.created_at)), ...rows);
  }
  function row(key, stem, file, taken, own = false) {
    const words = h("span", { class: "ms-takes-text" }, h("span", { translate: own ? "no" : null }, stem), h("span", { class: "ms-facts", translate: "no" }, file));
    const length = h("span", { class: "ms-facts" }, taken.facts.duration ? clock(taken.facts.duration) : "");
    if (!multiple) {
      return h("button", { type: "button", class: "ms-takes-row", onclick: () => window.close([taken]) }, words, length);
    }
    const box = h("input", { type: "checkbox", class: "ms-check", checked: chosen.has(key) || null });
    box.addEventListener("change", () => {
      if (box.checked) chosen.set(key, taken);
      else chosen.delete(key);
      take.disabled = !chosen.size;
      take.querySelector("span").textContent = chosen.size ? t("work.results.take.count", { count: chosen.size }) : t("work.results.take");
    });
    return h("label", { class: "ms-takes-row" }, box, words, length);
  }
  const field = input({ type: "search", "aria-label": t("work.results.search"), placeholder: t("work.results.search"), oninput: later((text) => search(text.trim())) });
  window.body.append(field, note, list);
  search();
  return (await window.closed) ?? [];
}

// Tools call their results like the files they were made of.
const knownStem = (stem) => find(`stem.${stem.toLowerCase().replace(/[\s-]+/g, "_")}`) !== null;

function ofResult(job, { file, frames, sample_rate, channels, bytes }) {
  return { reference: { job: job.id, file }, facts: { name: file, path: job.title, duration: frames / sample_rate, sample_rate, channels, bytes } };
}

/** A button that adds chosen results to a place of kit/songs.js. `input` is asked for when it is pressed. */
export function resultButton(input, { multiple = false } = {}) {
  return button({
    label: t(multiple ? "work.results.add" : "work.results.add.one"),
    symbol: "result",
    kind: "quiet",
    run: async () => {
      for (const { reference, facts } of await pickResults({ multiple })) input().add(reference, facts);
    },
  });
}

// Separate: songs in, what is wanted of them, and the queue beside it.

import { json } from "../base.js";
import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { choices } from "../kit/form.js";
import { songs } from "../kit/songs.js";
import { fail } from "../kit/toast.js";
import { route } from "../route.js";
import { about, keepAsking } from "../separate/about.js";
import { choice, chosenByHand, followAddress } from "../separate/choice.js";
import { model } from "../separate/model.js";
import { need } from "../separate/need.js";
import { options } from "../separate/options.js";
import { output } from "../separate/output.js";
import { presets } from "../separate/presets.js";
import { purposes } from "../separate/purposes.js";
import { queue } from "../separate/queue.js";
import { starter } from "../separate/start.js";
import { t } from "../text.js";

export function tab(place) {
  let start = null;
  const input = songs({ key: "separate", label: t("separate.songs"), sample: () => start.sample(), onchange: () => start.changed() });
  start = starter(input);
  const line = h("div", { class: "ms-queue" });
  place.append(
    h(
      "div",
      { class: "ms-two ms-separate-columns" },
      h(
        "div",
        { class: "ms-stack" },
        h("section", { class: "ms-card", id: "songs", "aria-labelledby": "songs-title" }, h("h2", { id: "songs-title" }, t("separate.songs")), input.element),
        h("section", { class: "ms-card", "aria-labelledby": "want-title" }, h("h2", { id: "want-title" }, t("separate.want")), ...want(), start.element),
      ),
      line,
    ),
  );
  queue(line);
  keepAsking();
  followAddress((id) => again(id, input).catch(fail));
  followSource(input);
}

/** A sound of an earlier job as the song, as a link of a result says it: `?tab=separate&from=JOB`, with `&file=RESULT` a stem of it. */
function followSource(input) {
  route.subscribe(async () => {
    const [job, file] = [route.get("from"), route.get("file")];
    if (route.tab !== "separate" || !job) return;
    route.set({ from: null, file: null });
    const there = input.items.some(({ reference }) => reference?.job === job && (reference.file ?? null) === file);
    if (!there) await input.add(file ? { job, file } : { job });
  });
}

function want() {
  const list = { purpose: purposes(), preset: presets() };
  const panes = { purpose: list.purpose.element, preset: list.preset.element, model: model(), job: earlier() };
  const by = choices({
    label: t("separate.by"),
    options: ["purpose", "preset", "model"].map((value) => ({ value, label: t(`separate.by.${value}`) })),
    onchange: (value) => chosenByHand({ by: value }),
  });
  by.element.id = "by";
  by.element.classList.add("ms-by");
  by.element.querySelector("legend").classList.add("ms-unseen");
  // What is chosen from is asked for whenever it comes into view: presets and models are made and deleted in other tabs.
  let seen = "";
  function look() {
    const now = route.tab === "separate" ? choice.value.by : "";
    if (now !== seen) list[now]?.refresh();
    seen = now;
  }
  choice.subscribe((value) => {
    by.value = value.by;
    for (const [name, pane] of Object.entries(panes)) pane.hidden = name !== value.by;
    look();
  });
  route.subscribe(look);
  const lack = need(() => {
    about.refresh();
    list.purpose.refresh();
  });
  const more = h(
    "details",
    { class: "ms-details", id: "more" },
    h("summary", {}, t("separate.more")),
    h("div", { class: "ms-stack" }, output(), h("h3", {}, t("separate.how")), options()),
  );
  return [by.element, ...Object.values(panes), lack, more];
}

/** The steps of an earlier job that are neither a purpose, a preset nor a model that is here. */
function earlier() {
  const words = h("p", {});
  const other = button({ label: t("separate.again.other"), run: () => chosenByHand({ by: "purpose" }) });
  choice.subscribe(({ job }) => (words.textContent = job ? t("separate.again.as", { title: job.title }) : ""));
  return h("div", { class: "ms-chosen" }, words, other);
}

/** Fill the form as a job was submitted, its song included where it is still there. */
async function again(id, input) {
  const job = await json(`jobs/${encodeURIComponent(id)}`);
  const { container, subtype } = job.format;
  const shared = { options: job.options ?? {}, container, subtype };
  if (job.purpose) choice.set({ ...shared, by: "purpose", card: `purpose/${job.purpose}`, quality: job.quality ?? "" });
  else if (job.model) choice.set({ ...shared, by: "model", model: job.model, family: "", stems: job.stems });
  else if (await known(job.preset)) choice.set({ ...shared, by: "preset", preset: job.preset });
  else choice.set({ ...shared, by: "job", job: { id, title: job.title, preset: await json(`jobs/${encodeURIComponent(id)}/preset`) } });
  const there = input.items.some((song) => song.reference?.job === id && !song.reference.file);
  if (!job.inputs_gone && !there) input.add({ job: id }, { name: job.file, duration: job.duration });
  if (choice.value.by !== "job") route.set({ again: null }); // the form is filled and remembered
}

async function known(name) {
  const { presets: all } = await json("presets?runnable=false");
  return all.some((preset) => preset.name === name);
}

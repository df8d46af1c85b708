// Several jobs at once: what is ticked, and what can be done with all of it.

import { zipOf } from "../jobs.js";
import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { toast } from "../kit/toast.js";
import { t } from "../text.js";
import { remove } from "./actions.js";

const LONGEST_MS = 60_000; // until the server begins to answer

/** @param changed called after jobs are gone, or ticks are. Returns { element, jobs (a Map by id), choose, show(list) }. */
export function chosen(changed) {
  const ticked = new Map();
  const all = h("input", { type: "checkbox", class: "ms-check", id: "ms-jobs-all" });
  const count = h("span", { role: "status" });
  const zip = button({ label: t("jobs.zips"), symbol: "download", run: () => download([...ticked.values()]) });
  const trash = button({
    label: t("kit.delete"),
    symbol: "trash",
    kind: "danger",
    async run() {
      if (!(await remove([...ticked.values()]))) return;
      ticked.clear();
      changed();
    },
  });
  const actions = h("div", { class: "ms-row" }, count, zip, trash);
  const element = h(
    "div",
    { class: "ms-head ms-jobs-chosen" },
    h("label", { class: "ms-row ms-jobs-all", for: all.id }, all, h("span", {}, t("jobs.select.all"))),
    actions,
  );
  let shown = [];
  all.addEventListener("change", () => {
    for (const job of shown) choose(job, all.checked);
    changed();
  });

  function choose(job, yes) {
    if (yes) ticked.set(job.id, job);
    else ticked.delete(job.id);
    draw();
  }
  function draw() {
    actions.hidden = !ticked.size;
    setText(count, ticked.size ? t("jobs.chosen", { count: ticked.size }) : "");
    zip.hidden = ![...ticked.values()].some((job) => job.state === "completed");
    all.checked = shown.length > 0 && shown.every((job) => ticked.has(job.id));
    all.indeterminate = !all.checked && ticked.size > 0;
  }
  /** What is on the page now: only that can be ticked, so that nothing unseen is deleted. */
  function show(list) {
    shown = list;
    const here = new Map(list.map((job) => [job.id, job]));
    for (const id of ticked.keys()) {
      if (here.has(id)) ticked.set(id, here.get(id));
      else ticked.delete(id);
    }
    element.hidden = !list.length;
    draw();
  }
  draw();
  return { element, jobs: ticked, choose, show };
}

// Each in a frame of its own: a link that is pressed ends the download before it, if the server has not answered that yet.
function download(list) {
  const done = list.filter((job) => job.state === "completed");
  for (const job of done) {
    const frame = h("iframe", { hidden: true, title: "", src: zipOf(job) });
    document.body.append(frame);
    setTimeout(() => frame.remove(), LONGEST_MS);
  }
  if (done.length < list.length) toast(t("jobs.zips.some", { count: done.length }));
}

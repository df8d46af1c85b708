// What a job was, in one line.

import { h } from "../dom.js";
import { what } from "../job_words.js";
import { clock, stemName, t, when } from "../text.js";

export function facts(job) {
  const length = job.duration == null ? "" : clock(job.duration);
  return [what(job).text, length, job.format?.container.toUpperCase(), when(job.created_at)].filter(Boolean).join(" · ");
}

export function stems(job) {
  return job.results.map((result) => stemName(result.stem)).join(", ");
}

/** Where the format of a result cut off what was too loud for it: a list of notes, or null. */
export function clippedNotes(job) {
  const notes = job.results
    .filter((result) => result.clipped > 0)
    .map((result) => h("li", {}, t("mixer.clipped", { stem: stemName(result.stem), count: result.clipped })));
  return notes.length ? h("ul", { class: "ms-notes" }, ...notes) : null;
}

/** The name of an action as the title of the window that it opens. */
export function heading(key) {
  return t(key).replace(/…$/, "");
}

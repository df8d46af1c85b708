// What a job was, in one line.

import { h } from "../dom.js";
import { clock, find, resultName, t, when } from "../text.js";

const TOOL = "Tool: "; // what the jobs of the tools call their preset

/** What a job was made with, in words. */
export function method({ purpose, preset, model }) {
  if (preset?.startsWith(TOOL)) return find(`job.tool.${preset.slice(TOOL.length).replaceAll("-", "_")}`) ?? "";
  return (purpose && find(`purpose.${purpose}`)) ?? (preset && find(`preset.${preset}`)) ?? preset ?? model ?? "";
}

export function facts(job) {
  const length = job.duration == null ? "" : clock(job.duration);
  return [method(job), length, job.format?.container.toUpperCase(), when(job.created_at)].filter(Boolean).join(" · ");
}

export function stems(job) {
  return job.results.map((result) => resultName(result)).join(", ");
}

/** Where the format of a result cut off what was too loud for it: a list of notes, or null. */
export function clippedNotes(job) {
  const notes = job.results
    .filter((result) => result.clipped > 0)
    .map((result) => h("li", {}, t("mixer.clipped", { stem: resultName(result), count: result.clipped })));
  return notes.length ? h("ul", { class: "ms-notes" }, ...notes) : null;
}

/** The name of an action as the title of the window that it opens. */
export function heading(key) {
  return t(key).replace(/…$/, "");
}

// Which of two separations is better? A blind comparison: A and B are known, X is one of them by lot. Who can hear a difference finds
// X again and again; who cannot is right half the time.

import { json } from "../base.js";
import { h } from "../dom.js";
import { what } from "../job_words.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { field, select, setOptions } from "../kit/form.js";
import { follow, route } from "../route.js";
import { stemName, t, when } from "../text.js";
import { AbxTest } from "./abx_test.js";
import { heading } from "./facts.js";

/** Choose the second job and a stem of each, then listen. */
export async function compareBlind(job, desk) {
  desk.silence();
  const others = await sameSong(job);
  if (!others.length) return void nothing(job);
  const one = stemField(t("result.abx.a"), job);
  const which = field({ label: t("result.abx.other"), control: select({ translate: "no", options: others.map((each) => ({ value: each.id, label: [what(each).text, when(each.created_at)].filter(Boolean).join(" · ") })), onchange: () => fill() }) });
  const other = stemField(t("result.abx.b"), others[0]);
  const fill = () => {
    const chosen = others.find((each) => each.id === which.value);
    setOptions(other.control, options(chosen));
    const wanted = job.results.find((result) => result.file === one.value).stem;
    other.value = (chosen.results.find((result) => result.stem === wanted) ?? chosen.results[0]).file;
  };
  one.control.addEventListener("change", fill);
  fill();
  const start = button({ label: t("result.abx.start"), symbol: "compare", kind: "primary", run: () => window.close(true) });
  const window = dialog({ title: heading("result.abx"), body: [h("p", {}, t("result.abx.about")), one.element, which.element, other.element], actions: [start] });
  if (!(await window.closed)) return;
  const second = others.find((each) => each.id === which.value);
  new AbxTest({
    a: { job, result: job.results.find((result) => result.file === one.value) },
    b: { job: second, result: second.results.find((result) => result.file === other.value) },
    loop: desk.loop,
  });
}

/** Other results of the song, of the same length and rate: only those can run on one clock. */
async function sameSong(job) {
  const { jobs } = await json("jobs?state=completed&limit=500");
  const [first] = job.results;
  return jobs.filter(
    (each) =>
      each.id !== job.id &&
      (each.file === job.file || each.title === job.title) &&
      each.results.some((result) => result.sample_rate === first.sample_rate && Math.abs(result.frames - first.frames) < first.sample_rate / 10),
  );
}

function nothing(job) {
  const to = { tab: "separate", from: job.id };
  const link = h("a", { class: "ms-button ms-primary", href: route.link(to) }, t("result.abx.again"));
  const window = dialog({ title: heading("result.abx"), body: [h("p", {}, t("result.abx.none"))], actions: [link] });
  link.addEventListener("click", (event) => {
    window.close();
    follow(to)(event);
  });
}

function options(job) {
  return job.results.map((result) => ({ value: result.file, label: stemName(result.stem) }));
}

function stemField(label, job) {
  return field({ label, control: select({ options: options(job) }) });
}

// Start: one job for each song, with what is chosen; and before it, how long that will take.

import { json } from "../base.js";
import { h, setText } from "../dom.js";
import { installs } from "../installs.js";
import { jobs } from "../jobs.js";
import { busy } from "../kit/button.js";
import { reason, toast } from "../kit/toast.js";
import { size, span, t } from "../text.js";
import { about } from "./about.js";
import { choice } from "./choice.js";
import { deeds, openWhenDone } from "./done.js";
import { keep, kept } from "./held.js";
import { outputFields } from "./output.js";

/** input: the songs() of this tab. Returns { element, sample(), changed() }. */
export function starter(input) {
  const time = h("p", { class: "ms-start-time", role: "status" });
  const start = h("button", { type: "button", class: "ms-button ms-primary ms-start-button", id: "start" }, h("span", {}));
  start.addEventListener("click", () => busy(start, begin));
  const element = h("div", { class: "ms-start" }, time, start);
  // Songs for which Start was pressed before all was here: what was chosen then, and the models that are on their way.
  const held = new Map();
  const earlier = kept();
  let turning = null;

  const missing = () => (about.facts?.models ?? []).filter((model) => !model.installed);
  // What can be started now: also a song that waits for something else than what is chosen at present.
  const free = () => input.items.filter((song) => song.state !== "failed" && held.get(song)?.said !== JSON.stringify(chosen()));

  function draw() {
    const songs = free().length;
    const lack = missing().length > 0;
    start.disabled = !songs;
    const text = lack ? t("separate.start.download", { size: size(about.facts.missing_bytes) }) : t(songs === 1 ? "separate.start.one" : "separate.start.many", { count: songs });
    setText(start.querySelector("span"), songs ? text : held.size ? loading() : t("separate.start.none"));
    setText(time, timeText(input, held.size));
  }

  /** How far the downloads are that songs wait for. */
  function loading() {
    const names = [...new Set([...held.values()].flatMap(({ models }) => models))];
    const parts = names.map((name) => installs.get(name)).map((install) => (install?.state === "installed" ? 1 : install?.total ? install.done / install.total : 0));
    const part = parts.reduce((sum, each) => sum + each, 0) / parts.length;
    return part > 0 && part < 1 ? t("separate.start.loading", { percent: Math.floor(100 * part) }) : t("separate.start.held");
  }

  async function begin() {
    const since = deeds();
    const fields = chosen();
    const wanted = free();
    await about.settled(); // what was chosen a moment ago may need other models
    const models = missing().map(({ name }) => name);
    await Promise.all(models.map((name) => installs.start(name)));
    const only = wanted.length === 1 ? since : null;
    for (const song of wanted) held.set(song, { fields, models, only, said: JSON.stringify(fields) });
    await submitReady();
  }

  /** Let the songs wait again that did before the page was loaded. */
  async function hold(song, fields) {
    earlier.delete(JSON.stringify(song.reference));
    const what = Object.fromEntries(["purpose", "quality", "preset", "model"].filter((name) => fields[name]).map((name) => [name, fields[name]]));
    const { models } = await json(`estimates?${new URLSearchParams(what)}`);
    const names = models.filter(({ installed }) => !installed).map(({ name }) => name);
    await Promise.all(names.map((name) => installs.start(name)));
    held.set(song, { fields, models: names, only: null, said: JSON.stringify(fields) });
    await submitReady();
  }

  /** Submit what was held back and has all it needs now; one turn at a time, which takes what becomes ready meanwhile along. */
  function submitReady() {
    turning ??= turn().finally(() => (turning = null));
    return turning;
  }
  async function turn() {
    const made = [];
    for (let next = ready(); next; next = ready()) {
      const [song, { fields, only }] = next;
      const job = await submit(song, fields);
      if (!job) continue;
      made.push(job);
      if (only !== null) openWhenDone(job.id, only);
    }
    keep(held);
    draw();
    tell(made);
  }

  // The next of them; those that can no longer be submitted are let go.
  function ready() {
    for (const [song, { models }] of [...held]) {
      const ends = models.map((name) => installs.get(name)?.state);
      const stopped = ends.some((state) => state === "failed" || state === "cancelled");
      if (ends.includes("failed")) document.querySelector("#need")?.scrollIntoView({ block: "nearest", behavior: "smooth" }); // it says why
      if (stopped || song.state === "failed" || !input.items.includes(song)) held.delete(song);
    }
    const here = ({ models }) => models.every((name) => installs.get(name)?.state === "installed");
    return [...held].find(([song, wanted]) => song.state === "ready" && here(wanted));
  }

  async function submit(song, fields) {
    held.delete(song);
    try {
      const title = song.reference.sample ? { title: t("songs.sample.title") } : {};
      const job = await send(song.reference, { ...fields, ...title });
      input.remove(song);
      return job;
    } catch (error) {
      input.refuse(song, error); // it stays in the list, with the reason
      return null;
    }
  }

  // Called after every change of the songs.
  function changed() {
    about.songs(input.items.filter((song) => song.state === "ready" && song.duration).map((song) => song.duration));
    for (const song of input.items) {
      const fields = song.state === "ready" && earlier.get(JSON.stringify(song.reference));
      if (fields) hold(song, fields).catch(draw);
    }
    if (held.size) submitReady();
    draw();
  }

  async function sample() {
    if (missing().length) return input.add({ sample: "song" }, { name: t("songs.sample.title") });
    const since = deeds();
    const job = await send({ sample: "song" }, { ...chosen(), title: t("songs.sample.title") });
    tell([job]);
    openWhenDone(job.id, since);
    return undefined;
  }

  about.subscribe(draw);
  choice.subscribe(draw);
  installs.subscribe(() => held.size && submitReady());
  return { element, sample, changed };
}

function chosen() {
  const fields = { ...choice.what(), ...outputFields(), door: "ui" };
  const { by, options, stems } = choice.value;
  if (by === "model" && stems.length) fields.stems = stems;
  return Object.keys(options).length ? { ...fields, options: JSON.stringify(options) } : fields;
}

async function send(reference, fields) {
  const form = new FormData();
  form.append("inputs", JSON.stringify([reference]));
  for (const [name, value] of Object.entries(fields)) for (const each of [value].flat()) form.append(name, each);
  const job = await json("jobs", { method: "POST", body: form });
  jobs.mine.add(job.id);
  return job;
}

function tell(made) {
  if (!made.length) return;
  jobs.refresh();
  const text = made.length === 1 ? t("separate.queued.one", { title: made[0].title }) : t("separate.queued.many", { count: made.length });
  toast(text, { action: narrow() ? { label: t("separate.queued.show"), run: toQueue } : null });
}

const narrow = () => matchMedia("(max-width: 900px)").matches;

function toQueue() {
  const title = document.querySelector("#queue-title");
  title?.focus({ preventScroll: true });
  title?.scrollIntoView({ behavior: "smooth", block: "start" });
}

function timeText(input, waiting) {
  const { facts, error } = about;
  const said = [];
  if (waiting) said.push(t(waiting === 1 ? "separate.start.later.one" : "separate.start.later", { count: waiting }));
  if (error?.code) said.push(reason(error));
  if (facts?.seconds != null && input.duration) said.push(roughly(facts));
  else if (facts && input.duration) said.push(t("separate.time.unknown"));
  if (facts?.queue_seconds >= 1 && input.items.length) said.push(t("separate.time.queue", { time: roughSpan(facts.queue_seconds) }));
  return said.join(" ");
}

function roughly({ seconds, low, high, basis }) {
  if (basis === "guess") return t("separate.time.guess", { time: roughSpan(seconds) });
  if (basis === "history" || high == null || high < 1.5 * low) return t("separate.time", { time: roughSpan(seconds) });
  return t("separate.time.between", { low: roughSpan(low), high: roughSpan(high) });
}

/** As many digits as an estimate has: 5 s, 10 s, whole minutes. */
export function roughSpan(seconds) {
  const step = seconds < 20 ? 1 : seconds < 58 ? 5 : seconds < 600 ? 30 : seconds < 3600 ? 60 : 600;
  const round = Math.max(1, Math.round(seconds / step) * step);
  return round < 3600 && round % 60 === 0 ? t("separate.time.minutes", { minutes: round / 60 }) : span(round);
}

// Small works on a result (another format, a mix): each a job of the server, with its progress here until it is done. They go on where the
// result is left: what they make is saved all the same, and they are there when it is opened again.

import { progressText } from "../job_words.js";
import { address, json, send } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { jobs, zipOf } from "../jobs.js";
import { keepFocus } from "../kit/focus.js";
import { poll } from "../kit/poll.js";
import { fail, toast } from "../kit/toast.js";
import { errorText, t } from "../text.js";

const ASK_MS = 600;
const kept = new Map(); // id of a job -> its Works

/** The works on the result of a job. */
export function worksOf(id) {
  for (const [other, { element }] of kept) if (!element.childElementCount) kept.delete(other);
  if (!kept.has(id)) kept.set(id, new Works());
  return kept.get(id);
}

class Works {
  constructor() {
    this.element = h("ul", { class: "ms-makings" });
  }

  /** Begin a job and follow it. begin() => the job; label: what it makes; done(job) once it is completed. */
  async add({ begin, label, done }) {
    const row = this._row(label);
    try {
      const job = await begin();
      jobs.refresh();
      this._follow(job, row, done);
    } catch (error) {
      row.remove();
      fail(error);
    }
  }

  _follow(first, row, done) {
    const path = `jobs/${encodeURIComponent(first.id)}`;
    const polled = poll(async () => {
      const job = await json(path).catch((error) => {
        if (error.status !== 404) throw error;
        return { state: "gone", error }; // somebody deleted it
      });
      if (["queued", "running"].includes(job.state)) {
        row.show(job);
        return ASK_MS;
      }
      polled.stop();
      if (job.state === "completed") {
        row.remove();
        done(job);
      } else row.stopped(job);
      return ASK_MS;
    });
    row.cancel.addEventListener("click", () => jobs.act(first.id, "cancel").then(() => polled.now(), fail));
  }

  _row(label) {
    const fill = h("span");
    const meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": label }, fill);
    const state = h("p", { class: "ms-hint", role: "status" }, t("state.queued"));
    const cancel = h("button", { type: "button", class: "ms-button ms-quiet", "aria-label": t("mixer.of", { action: t("kit.cancel"), stem: label }) }, icon("close"));
    const element = h("li", { class: "ms-running", translate: "no" }, h("div", { class: "ms-running-text" }, h("p", {}, label), meter, state), cancel);
    this.element.append(element);
    element.scrollIntoView({ block: "nearest", behavior: "smooth" }); // what was pressed may be far below
    const show = (job) => {
      fill.style.transform = `scaleX(${job.progress})`;
      meter.setAttribute("aria-valuenow", Math.floor(job.progress * 100));
      setText(state, job.state === "running" ? progressText(job) : t(`state.${job.state}`));
    };
    const remove = () => keepFocus(this.element, () => element.remove(), () => this.element);
    const stopped = (job) => {
      meter.remove();
      element.classList.add("ms-bad");
      setText(state, job.error ? errorText(job.error) : t(`state.${job.state}`));
      const close = h("button", { type: "button", class: "ms-button ms-quiet", "aria-label": t("kit.close"), onclick: remove }, icon("close"));
      keepFocus(element, () => cancel.replaceWith(close));
      const left = element.offsetParent === null; // the result is not open any more
      if (job.error && left) toast(`${label}: ${state.textContent}`, { kind: "bad" });
    };
    return { cancel, show, stopped, remove };
  }
}

/** Send a job of the tools: kind is the last part of its address. */
export function toolJob(kind, body) {
  return send(`tools/${kind}`, { ...body, door: "ui" });
}

/** Let the browser save what a job made: its one file, or all of them as a zip. */
export function save(job) {
  const [only] = job.results;
  const href = job.results.length === 1 ? address(only.url.replace(/^\/+/, "")) : zipOf(job);
  const link = h("a", { href, download: job.results.length === 1 ? only.file : "", hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  toast(t("result.saved", { name: job.results.length === 1 ? only.file : job.title }));
}

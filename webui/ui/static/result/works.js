// Small works on a result that is open (another format, a mix): each a job of the server, with its progress here until it is done.

import { progressText } from "../job_words.js";
import { address, json, send } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { jobs, zipOf } from "../jobs.js";
import { poll } from "../kit/poll.js";
import { fail, toast } from "../kit/toast.js";
import { errorText, t } from "../text.js";

const ASK_MS = 600;

export class Works {
  constructor() {
    this.element = h("ul", { class: "ms-makings" });
    this._polls = new Set();
  }

  /** Begin a job and follow it. begin() => the job; label: what it makes; done(job) once it is completed. */
  async add({ begin, label, done }) {
    const row = this._row(label);
    try {
      const job = await begin();
      jobs.refresh();
      this._follow(job, row, done);
    } catch (error) {
      row.element.remove();
      fail(error);
    }
  }

  close() {
    for (const each of this._polls) each.stop();
    this._polls.clear();
  }

  _follow(first, row, done) {
    const path = `jobs/${encodeURIComponent(first.id)}`;
    const end = () => {
      polled.stop();
      this._polls.delete(polled);
    };
    const polled = poll(async () => {
      const job = await json(path);
      row.show(job);
      if (job.state === "completed") {
        end();
        row.element.remove();
        done(job);
      } else if (job.state === "failed" || job.state === "cancelled") {
        end();
        row.stopped(job);
      }
      return ASK_MS;
    });
    this._polls.add(polled);
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
    const stopped = (job) => {
      meter.remove();
      element.classList.add("ms-bad");
      setText(state, job.error ? errorText(job.error) : t(`state.${job.state}`));
      const close = h("button", { type: "button", class: "ms-button ms-quiet", "aria-label": t("kit.close"), onclick: () => element.remove() }, icon("close"));
      cancel.replaceWith(close);
    };
    return { element, cancel, show, stopped };
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

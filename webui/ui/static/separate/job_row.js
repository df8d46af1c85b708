// One job in the queue: what, how far, and what can be done with it.

import { json } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { route } from "../route.js";
import { clock, errorText, find, span, t, timeLeft, when } from "../text.js";

const ACTIONS = {
  queued: ["cancel"],
  running: ["cancel"],
  completed: ["open", "delete"],
  failed: ["retry", "delete"],
  cancelled: ["retry", "delete"],
};

export class JobRow {
  constructor(job) {
    this.job = job;
    this._drawn = "";
    this._confirming = false;
    this.title = h("h3", { class: "ms-job-title" }, job.title);
    this.badge = h("span", { class: "ms-badge" });
    this.facts = h("p", { class: "ms-facts" });
    this.fill = h("span", { class: "ms-progress-fill" });
    this.progress = h(
      "div",
      { class: "ms-progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("job.progress", job) },
      this.fill,
    );
    this.stage = h("p", { class: "ms-stage" });
    this.reason = h("p", { class: "ms-reason" });
    this.details = details(job.id);
    this.actions = h("div", { class: "ms-actions" });
    this.element = h(
      "li",
      { class: "ms-job", "data-job": job.id },
      h("div", { class: "ms-job-head" }, this.title, this.badge),
      this.facts,
      this.progress,
      this.stage,
      this.reason,
      this.details,
      this.actions,
    );
  }

  update(job) {
    this.job = job;
    const { state } = job;
    this.element.dataset.state = state;
    this.element.classList.toggle("ms-open", route.get("job") === job.id);
    setText(this.title, job.title);
    this.title.title = job.file;
    setText(this.facts, facts(job));
    this._progress(job);
    this.reason.hidden = this.details.hidden = state !== "failed";
    setText(this.reason, state === "failed" && job.error ? errorText(job.error) : "");
    const key = `${state} ${job.queue_position ?? ""}`;
    if (key === this._drawn) return;
    const changed = this._drawn.split(" ")[0] !== state;
    this._drawn = key;
    this.badge.replaceChildren(icon(state), stateText(job));
    if (changed) {
      this._confirming = false;
      this._actions();
    }
  }

  _progress(job) {
    const running = job.state === "running";
    this.progress.hidden = this.stage.hidden = !running;
    if (!running) return;
    const percent = Math.floor(job.progress * 100);
    this.fill.style.transform = `scaleX(${job.progress})`;
    this.progress.setAttribute("aria-valuenow", percent);
    const stage = find(`stage.${job.stage}`) ?? job.stage;
    const left = job.seconds_left == null ? "" : timeLeft(job.seconds_left);
    setText(this.stage, [`${percent} %`, stage, left].filter(Boolean).join(" · "));
  }

  _actions() {
    const buttons = this._confirming ? this._confirm() : (ACTIONS[this.job.state] ?? []).map((name) => this._button(name));
    this.actions.replaceChildren(...buttons);
  }

  _button(name) {
    const action = t(`job.${name}`);
    const button = h(
      "button",
      { type: "button", class: `ms-button${name === "open" ? " ms-primary" : ""}`, "data-action": name },
      action,
    );
    button.setAttribute("aria-label", t("job.action", { action, title: this.job.title }));
    button.addEventListener("click", () => this._do(name, button));
    return button;
  }

  async _do(name, button) {
    if (name === "open") return route.go({ tab: "result", job: this.job.id });
    if (name === "delete") return this._ask(true);
    button.disabled = true;
    await this._act(name === "retry" ? "rerun" : name);
    button.disabled = false;
  }

  async _act(action) {
    try {
      await jobs.act(this.job.id, action);
    } catch (error) {
      this.reason.hidden = false;
      setText(this.reason, error.code === undefined ? t("error.away") : errorText(error));
    }
  }

  _confirm() {
    const yes = h("button", { type: "button", class: "ms-button ms-danger", "data-action": "yes" }, t("job.delete"));
    const no = h("button", { type: "button", class: "ms-button", "data-action": "no" }, t("job.keep"));
    no.addEventListener("click", () => this._ask(false));
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      await this._act("delete");
      
      yes.disabled = false;
    });
    return [h("p", { class: "ms-question" }, t("job.confirm")), yes, no];
  }

  _ask(asking) {
    this._confirming = asking;
    this._actions();
    this.actions.querySelector(asking ? "[data-action=no]" : "[data-action=delete]")?.focus();
  }
}

function stateText(job) {
  if (job.state === "queued" && job.queue_position) return t("state.queued.place", { position: job.queue_position });
  return t(`state.${job.state}`);
}

function facts(job) {
  const what = job.preset ? find(`preset.${job.preset}`) ?? job.preset : job.model;
  const took = job.state === "completed" && job.started_at ? t("job.took", { time: span(job.finished_at - job.started_at) }) : "";
  const length = job.duration == null ? "" : clock(job.duration);
  return [length, what, job.format.container.toUpperCase(), when(job.created_at), took].filter(Boolean).join(" · ");
}

/** The job's log, asked for when it is opened. */
function details(id) {
  const log = h("pre", { class: "ms-log", tabindex: "0" });
  const box = h("details", { class: "ms-details" }, h("summary", {}, t("job.details")), log);
  box.addEventListener("toggle", async () => {
    if (!box.open) return;
    try {
      const { lines } = await json(`jobs/${encodeURIComponent(id)}/log`);
      log.textContent = lines.map((line) => `${when(line.time)}  ${line.message}`).join("\n") || t("job.log.empty");
    } catch {
      log.textContent = t("error.away");
    }
  });
  return box;
}

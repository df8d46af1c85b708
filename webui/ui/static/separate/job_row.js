// One job in the queue: what, how far, and what can be done with it.

import { json } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { progressText, stateText, what } from "../job_words.js";
import { jobs, zipOf } from "../jobs.js";
import { button } from "../kit/button.js";
import { ask } from "../kit/dialog.js";
import { keepFocus } from "../kit/focus.js";
import { menuButton } from "../kit/menu.js";
import { route } from "../route.js";
import { clock, errorText, find, span, t, when } from "../text.js";
import { roughSpan } from "./start.js";

export class JobRow {
  constructor(job) {
    this.job = job;
    this._drawn = "";
    this.title = h("h3", { class: "ms-job-title", translate: "no", id: `job-title-${job.id}` }, job.title);
    this.badge = h("span", { class: "ms-badge" });
    this.what = h("span", {});
    this.facts = h("span", {});
    this.fill = h("span", { class: "ms-progress-fill" });
    this.progress = h(
      "div",
      { class: "ms-progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-labelledby": this.title.id },
      this.fill,
    );
    this.stage = h("p", { class: "ms-stage" });
    this.reason = h("p", { class: "ms-reason" });
    this.details = details(job.id);
    this._buttons = new Map(); // name -> element
    this._menu = this._makeMenu();
    this.actions = h("div", { class: "ms-actions" }, this._menu);
    this.element = h(
      "li",
      { class: "ms-job", "data-job": job.id },
      h("div", { class: "ms-job-head" }, this.title, this.badge),
      h("p", { class: "ms-facts" }, this.what, this.facts),
      this.progress,
      this.stage,
      this.reason,
      this.details,
      this.actions,
    );
  }

  /** away: the server does not answer, and what is known of a running job is from before. */
  update(job, away = false) {
    this.job = job;
    const { state } = job;
    this.element.dataset.state = state;
    this.element.classList.toggle("ms-paused", away);
    setText(this.title, job.title);
    this.title.title = job.file;
    const { text: name, own } = what(job);
    setText(this.what, name);
    this.what.translate = !own;
    setText(this.facts, [name ? "" : null, ...facts(job)].filter((each) => each !== null).join(" · "));
    this._progress(job, away);
    this.reason.hidden = this.details.hidden = state !== "failed";
    setText(this.reason, state === "failed" && job.error ? errorText(job.error) : "");
    const key = `${state} ${job.queue_position ?? ""} ${away}`;
    if (key === this._drawn) return;
    const [before, place] = this._drawn.split(" ");
    this._drawn = key;
    this.badge.replaceChildren(icon(state), stateText(job));
    if (before !== state || (place === "1") !== (job.queue_position === 1)) this._actions();
  }

  _progress(job, away) {
    const running = job.state === "running";
    this.progress.hidden = !running;
    this.stage.hidden = !running && job.state !== "queued";
    if (!running) {
      setText(this.stage, job.state === "queued" ? waitText(job, away) : "");
      return;
    }
    const percent = Math.floor(job.progress * 100);
    this.fill.style.transform = `scaleX(${job.progress})`;
    this.progress.setAttribute("aria-valuenow", percent);
    setText(this.stage, progressText(job, away ? { stage: t("queue.paused"), left: false } : {}));
  }

  _actions() {
    const { state, queue_position: place } = this.job;
    const visible = {
      queued: [place === 1 ? null : this._button("up", "up"), this._button("cancel")],
      running: [this._button("cancel")],
      completed: [this._button("open", null, "primary")],
      failed: [this._button("retry", null, "primary"), this._button("change")],
      cancelled: [this._button("retry"), this._button("change")],
    }[state];
    // Where the pressed button goes, the menu gets the focus: the next button may do what nobody meant.
    keepFocus(this.actions, () => this.actions.replaceChildren(...(visible ?? []).filter(Boolean), this._menu), () => this._menu.querySelector("button"));
  }

  // Kept, so that the focus stays with a button that is there before and after.
  _button(name, symbol = null, kind = "") {
    if (!this._buttons.has(name)) this._buttons.set(name, this._makeButton(name, symbol, kind));
    return this._buttons.get(name);
  }

  _makeButton(name, symbol, kind) {
    return button({
      label: t(`job.${name}`),
      symbol,
      kind,
      run: () => this._do(name),
      "data-action": name,
      "aria-describedby": this.title.id,
    });
  }

  _makeMenu() {
    const item = (name, symbol, more = {}) => ({ label: t(`job.${name}`), symbol, action: () => this._do(name), ...more });
    const items = () =>
      ({
        queued: [item("first", "up", { disabled: this.job.queue_position === 1 }), item("last", "down"), item("change", "edit")],
        running: [item("change", "edit")],
        completed: [
          item("zip", "download", { action: undefined, href: zipOf(this.job) }),
          item("change", "edit"),
          item("delete", "trash", { danger: true }),
        ],
        failed: [item("delete", "trash", { danger: true })],
        cancelled: [item("delete", "trash", { danger: true })],
      })[this.job.state] ?? [];
    const menu = menuButton({ label: t("kit.actions"), items, bare: true });
    menu.querySelector("button").setAttribute("aria-describedby", this.title.id);
    return menu;
  }

  async _do(name) {
    const { id, title } = this.job;
    if (name === "open") return route.go({ tab: "result", job: id });
    if (name === "change") return this._change();
    if (name === "delete") {
      const sure = await ask({ title: t("job.delete.title", { title }), text: t("job.confirm"), action: t("job.delete"), danger: true });
      return sure ? jobs.act(id, "delete") : undefined;
    }
    if (["up", "first", "last"].includes(name)) return jobs.move(id, name);
    return jobs.act(id, name === "retry" ? "rerun" : name);
  }

  _change() {
    route.go({ tab: "separate", again: this.job.id });
    const form = document.querySelector("#songs-title");
    form?.scrollIntoView({ behavior: "smooth", block: "start" });
  }
}

function waitText({ stage, seconds_until_start: seconds }, away) {
  if (away) return t("queue.paused");
  if (stage === "resuming") return find("stage.resuming") ?? t("stage.waiting");
  return seconds == null ? "" : seconds < 5 ? t("queue.starts.soon") : t("queue.starts", { time: roughSpan(seconds) });
}

function facts(job) {
  const took = job.state === "completed" && job.started_at ? t("job.took", { time: span(job.finished_at - job.started_at) }) : null;
  const length = job.duration == null ? null : clock(job.duration);
  return [length, job.format.container.toUpperCase(), when(job.created_at), took];
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

// One job of the list: a line on a wide window, a card on a phone. Kept and updated, so focus and what is unfolded survive.

import { belongsTo, h, icon, setText } from "../dom.js";
import { progressText, stateText, what } from "../job_words.js";
import { jobs } from "../jobs.js";
import { button } from "../kit/button.js";
import { menuButton } from "../kit/menu.js";
import { follow, route } from "../route.js";
import { errorText, size, span, t, when } from "../text.js";
import { acting, isActive, menuOf, runAgain } from "./actions.js";
import { details } from "./details.js";
import { fullWhen } from "./words.js";

/** @param list { chosen, choose(job, yes), open(id), changed() } */
export class Row {
  constructor(job, list) {
    this.job = job;
    this.list = list;
    this.details = null;
    this._drawn = "";
    this.check = h("input", { type: "checkbox", class: "ms-check", "aria-label": t("jobs.select") });
    this.check.addEventListener("change", () => list.choose(this.job, this.check.checked));
    this.title = h("h3", { class: "ms-run-title", translate: "no" }, job.title);
    belongsTo(this.check, this.title);
    this.what = h("p", { class: "ms-facts" });
    this.state = h("p", { class: "ms-badge" });
    this.facts = Object.fromEntries(["when", "took", "size", "source"].map((name) => [name, fact(name)]));
    this.fill = h("span");
    this.meter = h(
      "div",
      { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-labelledby": this.title.id },
      this.fill,
    );
    this.stage = h("p", { class: "ms-stage" });
    this.reason = h("p", { class: "ms-reason" });
    this.main = h("div", { class: "ms-run-action" });
    this.fold = h("div", { class: "ms-run-details", id: `job-${job.id}`, hidden: true });
    this.element = h("li", { class: "ms-run", "data-job": job.id }, this._line(), this.meter, this.stage, this.reason, this.fold);
  }

  _line() {
    this.toggle = button({
      label: t("jobs.details"),
      kind: "quiet",
      class: "ms-button ms-quiet ms-run-toggle",
      "aria-expanded": "false",
      "aria-controls": this.fold.id,
      run: () => this.list.open(this.open ? null : this.job.id),
    });
    belongsTo(this.toggle, this.title);
    const menu = menuButton({ label: t("kit.actions"), bare: true, items: () => menuOf(this.job, act) });
    belongsTo(menu.querySelector("button"), this.title);
    const act = acting(menu, this.list.changed);
    return h(
      "div",
      { class: "ms-run-line" },
      h("label", { class: "ms-run-check" }, this.check),
      h("div", { class: "ms-run-name" }, this.title, this.what),
      this.state,
      h("div", { class: "ms-run-facts" }, ...Object.values(this.facts).map((each) => each.element)),
      h("div", { class: "ms-run-actions" }, this.main, this.toggle, menu),
    );
  }

  get open() {
    return !this.fold.hidden;
  }

  update(job) {
    this.job = job;
    this.element.dataset.state = job.state;
    setText(this.title, job.title);
    const { text, own } = what(job);
    setText(this.what, text);
    this.what.toggleAttribute("translate", own);
    if (own) this.what.setAttribute("translate", "no");
    this.check.checked = this.list.chosen.has(job.id);
    this.facts.when.set(when(job.created_at), fullWhen(job.created_at));
    this.facts.took.set(took(job));
    this.facts.size.set(job.bytes ? size(job.bytes) : "");
    this.facts.source.set(t(`jobs.source.${job.source}`));
    this._progress(job);
    const failed = job.state === "failed" && job.error;
    this.reason.hidden = !failed;
    setText(this.reason, failed ? errorText(job.error) : "");
    this._draw(job);
    this._unfold(route.get("job") === job.id);
    this.details?.update(job);
  }

  _draw(job) {
    const key = `${job.state} ${job.queue_position ?? ""} ${job.inputs_gone}`;
    if (key === this._drawn) return;
    this._drawn = key;
    this.state.replaceChildren(icon(job.state), h("span", {}, stateText(job)));
    const action = this._action(job);
    const focused = this.main.contains(document.activeElement);
    this.main.replaceChildren(...(action ? [action] : []));
    if (focused) (action ?? this.toggle).focus();
  }

  _progress(job) {
    const running = job.state === "running";
    this.meter.hidden = this.stage.hidden = !running;
    if (!running) return;
    const percent = Math.floor(job.progress * 100);
    this.fill.style.transform = `scaleX(${job.progress})`;
    this.meter.setAttribute("aria-valuenow", percent);
    setText(this.stage, progressText(job));
  }

  _action(job) {
    if (job.state === "completed") {
      const values = { tab: "result", job: job.id };
      const props = { class: "ms-button", href: route.link(values), onclick: follow(values), "data-action": "open" };
      return belongsTo(h("a", props, icon("play"), h("span", {}, t("jobs.open"))), this.title);
    }
    const active = isActive(job);
    if (!active && job.inputs_gone) return null;
    const name = active ? "cancel" : "retry";
    const element = button({ label: t(`jobs.${name}`), symbol: active ? "close" : "again", "data-action": name, run: () => act(work) });
    belongsTo(element, this.title);
    const act = async (doing) => {
      await doing();
      this.list.changed();
    };
    const work = active ? () => jobs.act(job.id, "cancel") : () => runAgain(job);
    return element;
  }

  _unfold(open) {
    if (open === this.open) return;
    this.fold.hidden = !open;
    this.toggle.setAttribute("aria-expanded", open);
    this.element.classList.toggle("ms-open", open);
    this.details = open ? details(this.job) : null;
    this.fold.replaceChildren(...(open ? [this.details.element] : []));
  }
}

// A cell with the name of its column for those who hear it.
function fact(name) {
  const value = h("span");
  const element = h("p", { class: `ms-run-${name}` }, h("span", { class: "ms-unseen" }, `${t(`jobs.column.${name}`)}: `), value);
  return {
    element,
    set(text, title = "") {
      setText(value, text);
      element.classList.toggle("ms-none", !text);
      if (title) element.title = title;
    },
  };
}

function took(job) {
  if (!job.started_at || job.state === "queued") return "";
  return span((job.finished_at ?? Date.now() / 1000) - job.started_at);
}

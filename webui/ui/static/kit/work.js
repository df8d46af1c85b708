// A job that was started here, in place: how far it is, why it did not work, and what it made.

import { stateText } from "../job_words.js";
import { address, json } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { jobs, zipOf } from "../jobs.js";
import { follow, route } from "../route.js";
import { clock, errorText, resultName, size, t, timeLeft } from "../text.js";
import { button } from "./button.js";
import { keepFocus } from "./focus.js";
import { showRows } from "./list.js";
import { listenPath, player } from "./player.js";
import { thisTab } from "./storage.js";

/**
 * The jobs of one place, newest first, remembered by this tab of the browser.
 * @param key under which they are remembered
 * @param keep how many are shown
 * @param byFile call results by their files, not by what they are (the stem)
 * @param extra (job) => element or null, shown below the results of a finished job
 * Returns { element, add(job) }.
 */
export function work(key, { keep = 3, byFile = false, extra = () => null } = {}) {
  const place = `msst-work-${key}`;
  const element = h("div", { class: "ms-done-list" });
  const cards = new Map();
  let ids = [thisTab.get(place) ?? []].flat().filter((id) => typeof id === "string");
  function show() {
    ids = ids.slice(0, keep);
    thisTab.set(place, ids);
    showRows(element, cards, ids, { key: (id) => id, make: (id) => new WorkCard(id, { byFile, extra, remove, again }) });
  }
  function remove(id) {
    ids = ids.filter((each) => each !== id);
    show();
  }
  function again(old, job) {
    ids = ids.map((id) => (id === old ? job.id : id));
    show();
  }
  show();
  return {
    element,
    add(job) {
      ids = [job.id, ...ids.filter((id) => id !== job.id)];
      show();
      jobs.refresh();
      cards.get(job.id).element.scrollIntoView({ behavior: "smooth", block: "nearest" });
    },
  };
}

class WorkCard {
  constructor(id, { byFile, extra, remove, again }) {
    this.id = id;
    this._byFile = byFile;
    this._extra = extra;
    this._remove = remove;
    this._again = again;
    this._drawn = "";
    this._players = [];
    this.title = h("h3", { translate: "no" });
    this.badge = h("span", { class: "ms-tag", role: "status" });
    this.body = h("div", { class: "ms-stack" });
    this.cross = button({ label: t("work.hide"), symbol: "close", kind: "quiet", bare: true, run: () => remove(id) });
    this.fill = h("span");
    this.meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("work.progress") }, this.fill);
    this.stage = h("p", { class: "ms-hint" });
    this.element = h("article", { class: "ms-card ms-done", "data-job": id }, h("div", { class: "ms-done-head" }, this.title, this.badge, this.cross), this.body);
    this._stop = jobs.subscribe(() => this._look());
  }

  close() {
    this._stop();
    for (const each of this._players) each.close();
  }

  async _look() {
    if (this._asking || ["completed", "failed", "cancelled"].includes(this._state)) return; // an ended job does not change
    let job = jobs.get(this.id);
    if (!job && jobs.list) {
      this._asking = true;
      try {
        job = await json(`jobs/${encodeURIComponent(this.id)}`);
      } catch (error) {
        if (error.status === 404) this._remove(this.id);
      }
      this._asking = false;
    }
    if (job) this._show(job);
  }

  _show(job) {
    const { state, progress } = job;
    this._state = state;
    setText(this.title, job.title);
    this.element.dataset.state = state;
    if (state !== this._drawn) {
      this._drawn = state;
      this.badge.replaceChildren(icon(state), t(`state.${state}`));
      this.cross.hidden = ["queued", "running"].includes(state);
      keepFocus(this.body, () => this.body.replaceChildren(...this._body(job).filter(Boolean)));
    }
    this.fill.style.transform = `scaleX(${progress})`;
    this.meter.setAttribute("aria-valuenow", Math.floor(progress * 100));
    const waits = state === "queued" ? stateText(job) : "";
    const left = job.seconds_left ? timeLeft(job.seconds_left) : "";
    setText(this.stage, [waits || t(`stage.${job.stage}`), left].filter(Boolean).join(" · "));
  }

  _body(job) {
    if (job.state === "completed") return this._made(job);
    if (job.state === "failed" || job.state === "cancelled") {
      const why = job.state === "failed" && job.error ? h("p", { class: "ms-bad-text" }, errorText(job.error)) : null;
      const retry = button({ label: t("kit.retry"), symbol: "again", run: async () => this._again(this.id, await jobs.act(this.id, "rerun")) });
      return [why, h("div", { class: "ms-row" }, retry)];
    }
    const cancel = button({ label: t("kit.cancel"), run: () => jobs.act(this.id, "cancel").then(() => {}) });
    return [this.meter, h("div", { class: "ms-row ms-spread" }, this.stage, cancel)];
  }

  _made(job) {
    const open = h(
      "a",
      { class: "ms-button ms-primary", href: route.link({ tab: "result", job: job.id }), onclick: follow({ tab: "result", job: job.id }) },
      icon("result"),
      h("span", {}, t("work.open")),
    );
    const zip = job.results.length > 1 ? link(zipOf(job), t("work.zip")) : null;
    return [h("ul", { class: "ms-made" }, ...job.results.map((result) => this._result(job, result))), h("div", { class: "ms-row" }, open, zip), this._extra(job)];
  }

  _result(job, result) {
    const { file, frames, sample_rate, bytes } = result;
    const download = `download/${encodeURIComponent(job.id)}/${encodeURIComponent(file)}`;
    const name = this._byFile ? file : resultName(result);
    const sound = player({ name, sources: [download, listenPath({ job: job.id, file })], duration: frames / sample_rate });
    this._players.push(sound);
    const facts = [clock(frames / sample_rate), `${(sample_rate / 1000).toFixed(1).replace(/\.0$/, "")} kHz`, size(bytes)].join(" · ");
    const title = h("p", { class: "ms-made-name" }, h("span", { translate: this._byFile ? "no" : null }, name), h("span", { class: "ms-facts" }, facts));
    const save = link(download, t("work.download"), t("work.download.name", { name }));
    return h("li", {}, h("div", { class: "ms-made-head" }, title, save), sound.element);
  }
}

function link(path, label, said = label) {
  return h("a", { class: "ms-button", href: address(path), download: "", "aria-label": said }, icon("download"), h("span", {}, label));
}

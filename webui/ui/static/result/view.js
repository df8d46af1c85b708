// The Result tab: the mixer of the job that the address names; without one, the results there are to choose from.

import { json } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { keepFocus } from "../kit/focus.js";
import { Desk } from "../mixer/desk.js";
import { follow, route } from "../route.js";
import { errorText, t } from "../text.js";
import { Actions } from "./actions.js";
import { chooser } from "./chooser.js";
import { clippedNotes, facts } from "./facts.js";
import { nowPlaying } from "./now_playing.js";
import { Quality } from "./quality.js";

export function result(place) {
  new View(place);
}

class View {
  constructor(place) {
    this._place = place;
    this._id = undefined;
    this._desk = null;
    this._title = h("h2", { id: "mixer-title", tabindex: "-1", translate: "no" });
    this._facts = h("p", { class: "ms-facts", translate: "no" });
    this._message = h("p", { class: "ms-message", role: "status" });
    this._next = h("div", { class: "ms-row" });
    this._fill = h("span");
    this._meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("result.progress"), hidden: true }, this._fill);
    this._head = h("div", { class: "ms-result-actions" });
    this._stage = h("div", { class: "ms-result-stage" });
    const back = h("button", { type: "button", class: "ms-button ms-quiet ms-back", onclick: () => this.leave() }, icon("left"), h("span", {}, t("result.all")));
    this._card = h(
      "section",
      { class: "ms-card ms-result", "aria-labelledby": "mixer-title" },
      h("div", { class: "ms-result-head" }, back, h("div", { class: "ms-result-name" }, this._title, this._facts), this._head),
      this._message,
      this._meter,
      this._next,
      this._stage,
    );
    this._mini = nowPlaying();
    let before = null; // the tab that was open
    route.subscribe(() => {
      if (route.tab === "result") this._open(route.get("job"), before);
      this._mini.show(this._desk, this._job);
      before = route.tab;
    });
    jobs.subscribe(() => this._id && !this._desk && this._wait());
  }

  /** Close the job: its sound ends and its memory is free. */
  leave() {
    this._choose();
    if (route.tab === "result") route.set({ tab: "result", job: null });
  }

  /** before: the tab that was open; null where the page begins with this one. */
  async _open(id, before) {
    if (!id && this._id && before !== "result") return route.set({ job: this._id }); // back from another tab: it is still open here
    if (id === this._id) return;
    if (!id) return this._choose();
    this._drop();
    this._id = id;
    this._list?.close();
    this._list = null;
    this._place.replaceChildren(this._card);
    setText(this._title, "…");
    setText(this._facts, "");
    this._say(t("mixer.loading"));
    await this._fetch();
    if (before && this._id === id) this._reveal(); // somebody asked for it now, so bring it into sight
  }

  _choose() {
    const draw = () => {
      this._drop();
      this._id = null;
      this._list ??= chooser();
      this._place.replaceChildren(this._list.element);
    };
    keepFocus(this._place, draw, () => this._list.title);
  }

  async _fetch() {
    const id = this._id;
    try {
      const job = await json(`jobs/${encodeURIComponent(id)}`);
      if (id === this._id) this._showJob(job);
    } catch (error) {
      if (id === this._id) this._sayGone(error.status === 404 || error.status === 400);
    }
  }

  /** Not playable yet: follow the list, and ask for the job itself once it is done or not in the list. */
  _wait() {
    const job = jobs.get(this._id);
    if (job && job.state !== "completed") this._showJob(job);
    else if ((job || this._lost) && !this._fetching && !jobs.away) this._fetching = this._fetch().finally(() => (this._fetching = null));
  }

  _showJob(job) {
    if (this._desk) return;
    this._lost = false;
    setText(this._title, job.title);
    setText(this._facts, facts(job));
    if (job.state === "failed" && job.error) this._say(errorText(job.error), this._queueLink());
    else if (job.state === "cancelled") this._say(t("state.cancelled"), this._queueLink());
    else if (job.state !== "completed") this._sayWaiting(job);
    else if (!job.results.length) this._say(t("mixer.empty"), this._queueLink());
    else this._play(job);
  }

  _play(job) {
    this._say("");
    this._job = job;
    this._actions = new Actions(job, () => this._desk, () => this.leave());
    this._desk = new Desk(job, {
      gone: () => {
        this._drop();
        this._job = job;
        this._sayGone(true);
      },
      menu: (strip) => this._actions.stemItems(strip),
      state: () => this._desk && this._mini.show(this._desk, job),
    });
    this._quality = new Quality(job, () => this._desk.quality());
    this._head.replaceChildren(this._actions.head);
    const notes = clippedNotes(job);
    this._stage.replaceChildren(...[this._actions.works, this._desk.element, notes, this._actions.foot, this._quality.element].filter(Boolean));
  }

  _sayGone(gone) {
    this._lost = !gone; // the server is away: asked again when it is back
    const job = this._job; // known where only its files are gone
    if (gone && !job) setText(this._title, t("result.title"));
    const again = job && !job.tool && !job.inputs_gone ? this._link({ tab: "separate", again: job.id }, "again", "result.go.again") : null;
    this._say(t(gone ? "mixer.gone" : "error.away"), gone ? (again ?? this._link({ tab: "separate" }, "separate", "result.go.separate")) : null);
  }

  _sayWaiting({ state, progress }) {
    this._say(t("mixer.waiting"), this._queueLink());
    this._meter.hidden = state !== "running";
    this._fill.style.transform = `scaleX(${progress})`;
    this._meter.setAttribute("aria-valuenow", Math.floor(progress * 100));
  }

  _say(text, next = null) {
    setText(this._message, text);
    this._message.hidden = !text;
    this._meter.hidden = true;
    // The same link stays: somebody may be on it with the keyboard.
    if (next?.href !== this._next.firstElementChild?.href) this._next.replaceChildren(...[next].filter(Boolean));
  }

  _queueLink() {
    return this._link({ tab: "jobs" }, "jobs", "result.go.jobs");
  }

  _link(to, symbol, text) {
    return h("a", { class: "ms-button", href: route.link(to), onclick: follow(to) }, icon(symbol), t(text));
  }

  _reveal() {
    this._card.scrollIntoView({ behavior: "smooth", block: "start" });
    this._title.focus({ preventScroll: true });
  }

  _drop() {
    this._desk?.close();
    this._desk = this._job = this._actions = this._quality = null;
    this._head.replaceChildren();
    this._stage.replaceChildren();
    this._next.replaceChildren();
    this._mini.show(null, null);
  }
}

// The result that is open: a mixer once its job is done, a plain sentence before that or when it is gone.

import { json } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { route } from "../route.js";
import { errorText, find, t } from "../text.js";
import { Desk } from "./desk.js";

export function mixer(place) {
  new View(place);
}

class View {
  constructor(place) {
    this._place = place;
    this._id = null;
    this._desk = null;
    this._title = h("h2", { id: "mixer-title", tabindex: "-1" });
    this._facts = h("p", { class: "ms-facts" });
    this._message = h("p", { class: "ms-message", role: "status" });
    this._stage = h("div");
    const close = h("button", { type: "button", class: "ms-button ms-quiet", "aria-label": t("mixer.close"), onclick: () => route.set({ job: null }) }, icon("close"));
    this._card = h(
      "section",
      { class: "ms-card ms-result", "aria-labelledby": "mixer-title" },
      h("div", { class: "ms-result-head" }, h("div", {}, this._title, this._facts), close),
      this._message,
      this._stage,
    );
    let first = true;
    route.subscribe(() => {
      if (route.tab === "result") this._open(route.get("job"), !first);
      first = false;
    });
    jobs.subscribe(() => this._id && !this._desk && this._wait());
  }

  /** clicked: somebody asked for it now, so bring it into sight. */
  async _open(id, clicked) {
    if (id === this._id) {
      if (clicked && id) this._reveal();
      return;
    }
    this._close();
    this._id = id;
    if (!id) return;
    this._place.replaceChildren(this._card);
    this._head({ title: "…" });
    this._say(t("mixer.loading"));
    await this._fetch();
    if (clicked && this._id === id) this._reveal();
  }

  async _fetch() {
    const id = this._id;
    try {
      const job = await json(`jobs/${encodeURIComponent(id)}`);
      if (id === this._id) this._showJob(job);
    } catch (error) {
      if (id === this._id) this._say(t(error.status === 404 ? "mixer.gone" : "error.away"));
    }
  }

  /** Not playable yet: follow the list, and ask for the job itself once it is done or not in the list. */
  _wait() {
    const job = jobs.get(this._id);
    if (!job) return;
    if (job.state !== "completed") this._showJob(job);
    else if (!this._fetching) this._fetching = this._fetch().finally(() => (this._fetching = null));
  }

  _showJob(job) {
    if (this._desk) return;
    this._head(job);
    if (job.state === "failed" && job.error) this._say(errorText(job.error));
    else if (job.state === "cancelled") this._say(t("state.cancelled"));
    else if (job.state !== "completed") this._say(t("mixer.waiting"));
    else if (!job.results.length) this._say(t("mixer.empty"));
    else this._play(job);
  }

  _play(job) {
    this._say("");
    this._desk = new Desk(job, () => {
      this._drop();
      this._say(t("mixer.gone"));
    });
    this._stage.replaceChildren(this._desk.element);
  }

  _head(job) {
    setText(this._title, t("mixer.title", { title: job.title }));
    const what = job.preset ? find(`preset.${job.preset}`) ?? job.preset : job.model;
    setText(this._facts, [what, job.format?.container.toUpperCase()].filter(Boolean).join(" · "));
  }

  _say(text) {
    setText(this._message, text);
    this._message.hidden = !text;
  }

  _reveal() {
    this._card.scrollIntoView({ behavior: "smooth", block: "start" });
    this._title.focus({ preventScroll: true });
  }

  _drop() {
    this._desk?.close();
    this._desk = null;
    this._stage.replaceChildren();
  }

  _close() {
    this._drop();
    this._place.replaceChildren();
  }
}

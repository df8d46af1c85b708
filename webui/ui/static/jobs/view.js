// Jobs: everything that ran, from page, REST and command line.

import { Away, json, request } from "../base.js";
import { h, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { button } from "../kit/button.js";
import { empty } from "../kit/empty.js";
import { showRows } from "../kit/list.js";
import { pollWhile } from "../kit/shown.js";
import { reason } from "../kit/toast.js";
import { route } from "../route.js";
import { size, t } from "../text.js";
import { isActive } from "./actions.js";
import { bar } from "./bar.js";
import { chosen } from "./chosen.js";
import { cleanUp } from "./clean.js";
import { machine } from "./machine.js";
import { pages } from "./pages.js";
import { asQuery, clearFilters, filters, isFiltered } from "./query.js";
import { Row } from "./row.js";

const BUSY_MS = 1500;
const IDLE_MS = 6000;
const COLUMNS = ["title", "state", "when", "took", "size", "source"];

export function view(place) {
  const used = h("span", { class: "ms-facts" });
  const clean = button({ label: t("jobs.clean"), symbol: "trash", run: async () => (await cleanUp()) && list.now() });
  const head = h("div", { class: "ms-head" }, h("h2", {}, t("tab.jobs")), h("div", { class: "ms-row" }, used, clean));
  const live = machine(({ disk }) => setText(used, t("jobs.used", { size: size(disk.jobs) })));
  const list = new List();
  place.append(head, live, h("section", { class: "ms-card", "aria-label": t("jobs.list") }, bar(), ...list.elements));
  list.start();
}

class List {
  constructor() {
    this.rows = new Map();
    this.known = { query: "", tag: "", jobs: null, total: 0 };
    this.linked = null; // the job that the address names, where the page of the list does not have it
    this.body = h("ul", { class: "ms-runs" });
    this.note = h("div", { class: "ms-jobs-note" }, h("p", { class: "ms-empty" }, t("kit.loading")));
    this.ticks = chosen(() => this.draw());
    this.pages = pages();
    const columns = COLUMNS.map((name) => h("span", { class: `ms-run-${name}` }, t(`jobs.column.${name}`)));
    this.columns = h("div", { class: "ms-run-columns", "aria-hidden": "true", hidden: true }, ...columns);
    this.elements = [this.ticks.element, this.columns, this.note, this.body, this.pages.element];
    this.own = {
      chosen: this.ticks.jobs,
      choose: this.ticks.choose,
      open: (id) => route.set({ job: id }),
      changed: () => this.now(),
    };
  }

  start() {
    this.polling = pollWhile("jobs", () => this._ask());
    let before = "";
    let states = "";
    route.subscribe(() => {
      if (route.tab !== "jobs") return;
      const now = `${asQuery(filters())} ${route.get("job") ?? ""}`;
      const [first, changed] = [!before, now !== before];
      before = now; // drawing may change the address itself
      if (changed) this.draw();
      if (changed && !first) this.now();
    });
    // The page's own poller may notice sooner that something began or ended.
    jobs.subscribe((all) => {
      const now = (all.list ?? []).map((job) => `${job.id}${job.state}`).join();
      if (states && now !== states) this.now();
      states = now;
    });
  }

  now() {
    return this.polling.now();
  }

  async _ask() {
    const query = String(asQuery(filters()));
    try {
      // The browser sends the ETag that it has, and reads its own copy where the server says 304.
      const answer = await request(`jobs?${query}`, { cache: "no-cache" });
      const tag = answer.headers.get("etag");
      if (query !== this.known.query || tag !== this.known.tag) {
        const { jobs: found, total } = await answer.json();
        this.known = { query, tag, jobs: found, total };
      }
      await this._linked();
    } catch (error) {
      if (!(error instanceof Away) && this.known.jobs === null) this.say(h("p", { class: "ms-bad-text", role: "alert" }, reason(error)));
      throw error;
    }
    this.draw();
    return this.known.jobs.some(isActive) ? BUSY_MS : IDLE_MS;
  }

  // The job of a link stands above the others where they do not have it.
  async _linked() {
    const id = route.get("job");
    const here = this.known.jobs.some((job) => job.id === id);
    if (!id || here) this.linked = null;
    else {
      try {
        this.linked = await json(`jobs/${encodeURIComponent(id)}`);
      } catch (error) {
        if (!error.status) throw error;
        this.linked = { id, gone: true };
      }
    }
  }

  draw() {
    const { jobs: found, total } = this.known;
    if (found === null) return;
    const asked = filters();
    const linked = this.linked?.id === route.get("job") ? this.linked : null;
    const all = linked && !linked.gone ? [linked, ...found] : found;
    showRows(this.body, this.rows, all, { make: (job) => new Row(job, this.own) });
    this.ticks.show(all);
    this.columns.hidden = !all.length;
    this.pages.show(asked.page, total);
    this._say(all, total, linked?.gone, isFiltered(asked));
  }

  _say(all, total, gone, filtered) {
    if (gone) this.say(h("p", { class: "ms-jobs-gone", role: "status" }, t("jobs.gone")));
    else if (all.length) this.say();
    else if (total) route.set({ sheet: null }); // the last page has become empty
    else if (filtered) {
      this.say(empty({ symbol: "search", text: t("jobs.none.match"), action: button({ label: t("jobs.none.clear"), run: clearFilters }) }));
    } else {
      const action = button({ label: t("jobs.none.action"), kind: "primary", run: () => route.go({ tab: "separate" }) });
      this.say(empty({ symbol: "jobs", text: t("jobs.none"), action }));
    }
  }

  say(...what) {
    const text = what.map((each) => each.textContent).join();
    if (this.note.textContent === text) return; // a button that is kept keeps the focus
    this.note.replaceChildren(...what);
  }
}

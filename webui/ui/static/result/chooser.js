// Where no job is open: the results there are, newest first.

import { h, icon, setText } from "../dom.js";
import { jobs } from "../jobs.js";
import { empty } from "../kit/empty.js";
import { showRows } from "../kit/list.js";
import { follow, route } from "../route.js";
import { t } from "../text.js";
import { facts, stems } from "./facts.js";

const SHOWN = 20;

/** Returns { element, title, close() }. */
export function chooser() {
  const list = h("ul", { class: "ms-finished" });
  const note = h("div", { role: "status" }, h("p", { class: "ms-empty" }, t("kit.loading")));
  const all = link({ tab: "jobs" }, "ms-button ms-quiet", icon("jobs"), t("result.go.jobs"));
  const rows = new Map();
  const draw = () => {
    if (!jobs.list) return;
    const done = jobs.list.filter((job) => job.state === "completed" && job.results.length).slice(0, SHOWN);
    showRows(list, rows, done, { make: row });
    all.hidden = !done.length;
    if (done.length) note.replaceChildren();
    else if (!note.querySelector("a")) note.replaceChildren(nothing());
  };
  const stop = jobs.subscribe(draw);
  const title = h("h2", { id: "chooser-title", tabindex: "-1" }, t("result.choose"));
  const element = h(
    "section",
    { class: "ms-card", "aria-labelledby": "chooser-title" },
    h("div", { class: "ms-head" }, title, all),
    note,
    list,
  );
  return { element, title, close: stop };
}

function nothing() {
  const action = link({ tab: "separate" }, "ms-button ms-primary", icon("separate"), t("result.go.separate"));
  return empty({ symbol: "result", text: t("result.none"), action });
}

function row(job) {
  const title = h("span", { class: "ms-finished-title", translate: "no" });
  const about = h("span", { class: "ms-facts", translate: "no" });
  const parts = h("span", { class: "ms-facts" });
  const to = { tab: "result", job: job.id };
  const element = h("li", {}, link(to, "ms-finished-row", h("span", { class: "ms-finished-play" }, icon("play")), h("span", { class: "ms-finished-text" }, title, parts, about)));
  const update = (now) => {
    setText(title, now.title);
    setText(parts, stems(now));
    setText(about, facts(now));
  };
  return { element, update };
}

function link(to, className, ...inside) {
  return h("a", { class: className, href: route.link(to), onclick: follow(to) }, ...inside);
}

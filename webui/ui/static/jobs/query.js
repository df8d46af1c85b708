// Which jobs the tab shows: the page's address says it, so that a reload, a link and the back button keep it.

import { route } from "../route.js";

export const PAGE = 50;
export const STATES = ["queued", "running", "completed", "failed", "cancelled"];
export const SOURCES = ["ui", "rest", "cli"];
export const AGES = ["today", "week", "month", "older", "dates"];

const DAYS = { today: 0, week: 6, month: 29 };

/** What the address asks for; what it does not know is left out. Its page is `sheet` there: Gradio takes `page` for one of its own. */
export function filters() {
  const among = (name, known) => (known.includes(route.get(name)) ? route.get(name) : "");
  const date = (name) => (/^\d{4}-\d{2}-\d{2}$/.test(route.get(name) ?? "") ? route.get(name) : "");
  return {
    text: route.get("text") ?? "",
    state: among("state", STATES),
    source: among("source", SOURCES),
    age: among("age", AGES),
    from: date("from"),
    to: date("to"),
    page: Math.max(1, Number.parseInt(route.get("sheet") ?? "1", 10) || 1),
  };
}

/** Change some of them; the list then begins at its start. */
export function setFilters(values) {
  route.set({ sheet: null, ...values });
}

export function clearFilters() {
  setFilters({ text: null, state: null, source: null, age: null, from: null, to: null });
}

export function isFiltered({ text, state, source, age }) {
  return Boolean(text || state || source || age);
}

/** For GET /jobs. The same for a whole day, so that an unchanged list is told by its ETag. */
export function asQuery(asked) {
  const query = new URLSearchParams({ limit: PAGE, offset: (asked.page - 1) * PAGE });
  for (const name of ["text", "state", "source"]) if (asked[name]) query.set(name, asked[name]);
  const { since, until } = span(asked);
  if (since !== null) query.set("since", since);
  if (until !== null) query.set("until", until);
  return query;
}

function span({ age, from, to }) {
  if (age in DAYS) return { since: midnight(-DAYS[age]), until: null };
  if (age === "older") return { since: null, until: midnight(-29) };
  if (age !== "dates") return { since: null, until: null };
  return { since: from ? epoch(dayOf(from)) : null, until: to ? epoch(dayOf(to, 1)) : null };
}

const epoch = (date) => date.getTime() / 1000;

function midnight(days) {
  const now = new Date();
  return epoch(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));
}

function dayOf(text, further = 0) {
  const [year, month, day] = text.split("-").map(Number);
  return new Date(year, month - 1, day + further);
}

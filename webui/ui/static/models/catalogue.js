// All models: found by words and filters, in order, fifty at a time. The server searches; what is asked for is kept while the page is open.

import { json } from "../base.js";
import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { empty } from "../kit/empty.js";
import { choices, field, input, select, setOptions } from "../kit/form.js";
import { showRows } from "../kit/list.js";
import { later } from "../kit/model_picker.js";
import { reason } from "../kit/toast.js";
import { find, stemName, t } from "../text.js";
import { modelRow } from "./row.js";
import { favouriteNames, filters, keepFilters, NO_FILTERS } from "./state.js";
import { alternatives, categoryName, familyName } from "../kit/model_words.js";

const PAGE = 50;
const SORTS = ["recommended", "score", "speed", "size", "name"];
const SIZES = [50, 100, 250, 500, 1000]; // MB at most

/** Fills `place`. Returns { refresh(), loaded }, where `loaded` resolves after the first answer. */
export function catalogue(place) {
  let wanted = filters();
  let turn = 0;
  const rows = new Map();
  const list = h("ul", { class: "ms-models", "aria-label": t("models.all") });
  const count = h("p", { class: "ms-hint", role: "status" });
  const note = h("div");
  const pages = h("nav", { class: "ms-row ms-pages", "aria-label": t("models.pages") });

  const text = input({
    type: "search",
    value: wanted.text,
    "aria-label": t("picker.search"),
    placeholder: t("models.search"),
    oninput: later((value) => change({ text: value.trim() })),
  });
  const show = choices({
    label: t("models.show"),
    options: ["", "installed", "favourites"].map((value) => ({ value, label: t(`models.show.${value || "all"}`) })),
    value: wanted.show,
    onchange: (value) => change({ show: value }),
  });
  const every = (label, options = []) => [{ value: "", label }, ...options];
  const make = (name, label, options) =>
    field({ label, control: select({ options, value: wanted[name], onchange: (value) => change({ [name]: value }), "data-filter": name, translate: name === "family" ? "no" : null }) });
  const fields = {
    category: make("category", t("models.filter.category"), every(t("kit.all"))),
    stem: make("stem", t("models.filter.stem"), every(t("kit.all"))),
    size: make("size", t("models.filter.size"), every(t("models.any_size"), SIZES.map((mb) => ({ value: String(mb), label: t("models.up_to", { size: mb < 1000 ? `${mb} MB` : `${mb / 1000} GB` }) })))),
    family: make("family", t("models.filter.family"), every(t("kit.all"))),
    sort: make("sort", t("models.sort"), SORTS.map((value) => ({ value, label: t(`models.sort.${value}`) }))),
  };
  const clear = button({ label: t("models.clear"), symbol: "close", kind: "quiet", run: clearAll });
  const more = h("details", { class: "ms-details ms-filters-more" }, h("summary", {}, t("models.filters")), h("div", { class: "ms-filters" }, ...Object.values(fields).map((each) => each.element)));
  if (window.innerWidth > 720 || ["category", "stem", "size", "family"].some((name) => wanted[name])) more.open = true;
  place.append(
    h("div", { class: "ms-row ms-search" }, text, show.element),
    more,
    h("div", { class: "ms-row ms-found" }, count, clear),
    list,
    note,
    pages,
  );

  function change(values) {
    wanted = { ...wanted, page: 0, ...values };
    keepFilters(wanted);
    return search();
  }
  function clearAll() {
    text.value = "";
    show.value = "";
    for (const [name, each] of Object.entries(fields)) if (name !== "sort") each.value = "";
    return change({ ...NO_FILTERS, sort: wanted.sort });
  }
  async function search() {
    const mine = (turn += 1);
    clear.hidden = Object.entries(wanted).every(([name, value]) => ["sort", "page"].includes(name) || value === NO_FILTERS[name]);
    list.setAttribute("aria-busy", "true");
    try {
      const { models, total } = await json(`models?${query(wanted)}`);
      if (mine !== turn) return;
      if (!models.length && total) return change({ page: 0 });
      showRows(list, rows, models, { key: (model) => model.name, make: (model) => modelRow(model, { stem: () => wanted.stem }) });
      count.textContent = total ? t("models.found", { count: total }) : "";
      note.replaceChildren(...(total ? [] : [nothing()]));
      pages.replaceChildren(...turner(total));
    } catch (error) {
      if (mine !== turn) return;
      note.replaceChildren(h("p", { class: "ms-bad-text", role: "alert" }, reason(error)), button({ label: t("kit.retry"), symbol: "again", run: search }));
    } finally {
      if (mine === turn) list.removeAttribute("aria-busy");
    }
    return undefined;
  }
  function nothing() {
    const key = wanted.show === "favourites" && !favouriteNames().length ? "models.none.favourites" : "models.none";
    return empty({ symbol: "search", text: t(key), action: button({ label: t("models.clear"), run: clearAll }) });
  }
  function turner(total) {
    if (total <= PAGE) return [];
    const first = wanted.page * PAGE;
    const turn = async (by) => {
      await change({ page: wanted.page + by });
      place.scrollIntoView({ block: "start" });
    };
    return [
      button({ label: t("models.page.before"), symbol: "left", run: () => turn(-1), disabled: !wanted.page }),
      h("span", { class: "ms-hint" }, t("models.page", { from: first + 1, to: Math.min(total, first + PAGE), total })),
      button({ label: t("models.page.after"), symbol: "right", run: () => turn(1), disabled: first + PAGE >= total }),
    ];
  }
  async function fillFilters() {
    const found = await json("models/categories");
    const options = (counts, label) => every(t("kit.all"), counts.map(({ name, count: many }) => ({ value: name, label: t("models.counted", { name: label(name), count: many }) })));
    setOptions(fields.category.control, options(found.categories, categoryName), wanted.category);
    setOptions(fields.family.control, options(found.families, familyName), wanted.family);
    setOptions(fields.stem.control, options(found.stems.filter(({ name }) => find(`stem.${name.replace(/[\s-]+/g, "_")}`)), stemName), wanted.stem);
  }
  const refresh = () => Promise.all([search(), fillFilters().catch(() => {})]); // without them the list still serves
  return { refresh, loaded: refresh() };
}

function query(wanted) {
  const asked = new URLSearchParams({ limit: PAGE, offset: wanted.page * PAGE, sort: wanted.sort });
  if (wanted.text) asked.set("text", wanted.text);
  for (const also of alternatives(wanted.text)) asked.append("also", also);
  for (const name of ["category", "stem", "family"]) if (wanted[name]) asked.set(name, wanted[name]);
  if (wanted.size) asked.set("max_bytes", Number(wanted.size) * 1e6);
  if (wanted.show === "installed") asked.set("installed", "true");
  if (wanted.show === "favourites") for (const name of favouriteNames().length ? favouriteNames() : [""]) asked.append("name", name);
  return asked;
}

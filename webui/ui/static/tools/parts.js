// The sounds of a tool as rows of its own: in an order that can be changed, or each with its level.

import { h } from "../dom.js";
import { button } from "../kit/button.js";
import { showRows } from "../kit/list.js";
import { t } from "../text.js";

/**
 * Rows for the ready songs of a place, kept while songs come and go.
 * @param row (song) => { element, ... }: made once for each song
 * @param ordered show buttons that move a row up and down
 * Returns { element, watch(input), rows }, where `rows` are [{ song, row }] in their order.
 */
export function parts({ label, row, ordered = false, onchange = () => {} }) {
  const list = h("ol", { class: "ms-parts", "aria-label": label });
  const element = h("div", { class: "ms-field", hidden: true }, h("p", { class: "ms-label" }, label), list);
  const rows = new Map();
  let order = [];
  function draw() {
    showRows(list, rows, order, { make });
    element.hidden = order.length < 2;
  }
  function make(song) {
    const own = row(song);
    const move = (step) => {
      const at = order.findIndex((each) => each.id === song.id);
      const to = at + step;
      if (to < 0 || to >= order.length) return;
      [order[at], order[to]] = [order[to], order[at]];
      draw();
      list.children[to].querySelector(step < 0 ? "[data-up]" : "[data-down]")?.focus();
      onchange();
    };
    const up = ordered ? button({ label: t("tools.up", { name: song.name }), symbol: "up", kind: "quiet", bare: true, "data-up": "", run: () => move(-1) }) : null;
    const down = ordered ? button({ label: t("tools.down", { name: song.name }), symbol: "down", kind: "quiet", bare: true, "data-down": "", run: () => move(1) }) : null;
    return {
      own,
      element: h("li", { class: "ms-part" }, h("span", { class: "ms-part-name", translate: "no" }, song.name), own.element ?? null, up, down),
      close: () => own.close?.(),
    };
  }
  return {
    element,
    watch(input) {
      const ready = input.items.filter(({ state }) => state === "ready");
      const known = order.map(({ id }) => ready.find((song) => song.id === id)).filter(Boolean);
      const next = [...known, ...ready.filter((song) => !known.includes(song))];
      if (next.length === order.length && next.every((song, index) => song === order[index])) return;
      order = next;
      draw();
    },
    get rows() {
      return order.map((song) => ({ song, row: rows.get(song.id).own }));
    },
  };
}

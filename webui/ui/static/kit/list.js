// Lists that change while somebody looks: rows are kept and updated, not drawn anew, so focus and what is unfolded survive.

import { keepFocus } from "./focus.js";

/**
 * Show `items` in `parent`. Where a row goes that had the focus, the one that is in its place now gets it: as a whole, so that nobody presses
 * what belongs to another one.
 * @param rows a Map of this list alone, from key to row
 * @param make item => row: { element, update(item)?, close()? }
 * @param instead () => what gets the focus where no row is left
 */
export function showRows(parent, rows, items, { key = (item) => item.id, make, instead = () => parent }) {
  const wanted = new Set(items.map(key));
  for (const item of items) {
    const id = key(item);
    if (!rows.has(id)) rows.set(id, make(item));
    rows.get(id).update?.(item);
  }
  const at = [...parent.children].findIndex((each) => each.contains(document.activeElement));
  const near = () => parent.children[Math.min(at, parent.children.length - 1)] ?? instead();
  keepFocus(parent, () => place(parent, rows, wanted), near);
}

function place(parent, rows, wanted) {
  for (const [id, row] of rows) {
    if (wanted.has(id)) continue;
    row.close?.();
    row.element.remove();
    rows.delete(id);
  }
  [...wanted].forEach((id, index) => {
    const { element } = rows.get(id);
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}

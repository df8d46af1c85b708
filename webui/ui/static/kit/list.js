// Lists that change while somebody looks: rows are kept and updated, not drawn anew, so focus and what is unfolded survive.

/**
 * Show `items` in `parent`.
 * @param rows a Map of this list alone, from key to row
 * @param make item => row: { element, update(item)?, close()? }
 */
export function showRows(parent, rows, items, { key = (item) => item.id, make }) {
  const wanted = new Set(items.map(key));
  for (const [id, row] of rows) {
    if (wanted.has(id)) continue;
    row.close?.();
    row.element.remove();
    rows.delete(id);
  }
  items.forEach((item, index) => {
    const id = key(item);
    if (!rows.has(id)) rows.set(id, make(item));
    const row = rows.get(id);
    row.update?.(item);
    if (parent.children[index] !== row.element) parent.insertBefore(row.element, parent.children[index] ?? null);
  });
}

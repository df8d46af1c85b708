// The formats that results can be had in.

import { select } from "../kit/form.js";
import { WRITABLE, formatLabel } from "../kit/formats.js";
import { t } from "../text.js";

/** [container, name] of each. */
export const FORMATS = Object.keys(WRITABLE).map((name) => [name, formatLabel(name)]);

/** A list to choose one of, each with what it is good for. */
export function formatSelect(value) {
  const options = FORMATS.map(([container, name]) => ({ value: container, label: t("result.format.about", { format: name, about: t(`result.format.${container}`) }) }));
  return select({ options, value });
}

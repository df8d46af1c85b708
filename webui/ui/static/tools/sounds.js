// Where a tool gets its sounds: what comes in from outside, and what earlier jobs made.

import { h } from "../dom.js";
import { resultButton } from "../kit/result_picker.js";
import { songs } from "../kit/songs.js";
import { t } from "../text.js";

/**
 * As songs() of the kit, with a button for results below it.
 * @param key of the tool
 * @param title a heading above it
 */
export function sounds({ key, multiple = false, onchange = () => {}, choose = null, title = null }) {
  const label = title ?? t("tools.sounds");
  const input = songs({ key: `tools-${key}`, multiple, onchange, choose, label });
  const element = h("section", { class: "ms-sounds", "aria-label": label }, title ? h("h4", {}, title) : null, input.element, h("div", {}, resultButton(() => input, { multiple })));
  return { element, input };
}

/** Why nothing can be started yet, or "". */
export function lacking(input, fewest = 1) {
  const { length } = input.references;
  if (input.pending) return t("work.wait.songs");
  if (!length) return t(fewest > 1 ? "work.need.two" : "work.need.one");
  return length < fewest ? t("work.need.two") : "";
}

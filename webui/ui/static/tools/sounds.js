// Where a tool gets its sounds: what comes in from outside, and what earlier jobs made.

import { h } from "../dom.js";
import { MOST_FILES } from "../job_words.js";
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
export function lacking(input, { together }) {
  const { length } = input.references;
  if (input.pending) return t("work.wait.songs");
  if (length < 2 && together) return t("work.need.two");
  if (length > MOST_FILES && together) return t("work.most", { count: MOST_FILES });
  return length ? "" : t("work.need.one");
}

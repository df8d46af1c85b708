// The formats that results can be had in.

import { select } from "../kit/form.js";
import { t } from "../text.js";

/** [container, name] of each. */
export const FORMATS = [
  ["flac", "FLAC"],
  ["mp3", "MP3"],
  ["wav", "WAV"],
  ["m4a", "M4A"],
  ["opus", "Opus"],
];

/** A list to choose one of, each with what it is good for. */
export function formatSelect(value) {
  const options = FORMATS.map(([container, name]) => ({ value: container, label: t("result.format.about", { format: name, about: t(`result.format.${container}`) }) }));
  return select({ options, value });
}

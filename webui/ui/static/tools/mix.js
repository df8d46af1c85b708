// Mix: sounds at once, each at its level and its place between left and right.

import { h } from "../dom.js";
import { t } from "../text.js";
import { dial } from "../kit/controls.js";
import { jobTool } from "./job_tool.js";
import { parts } from "./parts.js";

export const mix = () =>
  jobTool({
    id: "mix",
    together: true,
    action: () => t("tools.mix.start"),
    settings: (changed) => {
      const levels = parts({ label: t("tools.mix.parts"), row: () => channel(changed), onchange: changed });
      return {
        element: levels.element,
        watch: (input) => levels.watch(input),
        get references() {
          return levels.rows.map(({ song }) => song.reference);
        },
        get value() {
          return { parts: levels.rows.map(({ row }) => row.value) };
        },
      };
    },
  });

function channel(changed) {
  const gain = dial({ label: t("tools.mix.level"), min: -40, max: 12, step: 0.5, value: 0, unit: "dB", onchange: changed });
  const pan = dial({ label: t("tools.mix.pan"), min: -100, max: 100, step: 5, value: 0, said: side, onchange: changed });
  return {
    element: h("div", { class: "ms-part-dials" }, gain.element, pan.element),
    get value() {
      return { gain_db: gain.number, pan: pan.number / 100 };
    },
  };
}

function side(value) {
  if (!value) return t("tools.mix.pan.middle");
  return t(value < 0 ? "tools.mix.pan.left" : "tools.mix.pan.right", { percent: Math.abs(value) });
}

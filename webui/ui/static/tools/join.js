// Join: sounds one after the other, as they are, with a pause, or running into each other.

import { h } from "../dom.js";
import { choices } from "../kit/form.js";
import { t } from "../text.js";
import { dial } from "../kit/controls.js";
import { jobTool } from "./job_tool.js";
import { parts } from "./parts.js";

export const join = () =>
  jobTool({
    id: "join",
    together: true,
    action: () => t("tools.join.start"),
    settings: (changed) => {
      const order = parts({ label: t("tools.join.order"), row: () => ({}), ordered: true, onchange: changed });
      const gap = dial({ label: t("tools.join.gap"), min: 0.1, max: 10, step: 0.1, value: 2, unit: "s", onchange: changed });
      const fade = dial({ label: t("tools.join.crossfade"), min: 0.1, max: 20, step: 0.1, value: 3, unit: "s", onchange: changed });
      const how = choices({
        label: t("tools.join.how"),
        options: ["straight", "gap", "crossfade"].map((value) => ({ value, label: t(`tools.join.how.${value}`) })),
        value: "straight",
        onchange: show,
      });
      function show() {
        gap.element.hidden = how.value !== "gap";
        fade.element.hidden = how.value !== "crossfade";
        changed();
      }
      gap.element.hidden = fade.element.hidden = true;
      return {
        element: h("div", { class: "ms-stack" }, order.element, how.element, gap.element, fade.element),
        watch: (input) => order.watch(input),
        get references() {
          return order.rows.map(({ song }) => song.reference);
        },
        get value() {
          return { straight: {}, gap: { gap: gap.number }, crossfade: { crossfade: fade.number } }[how.value];
        },
      };
    },
  });

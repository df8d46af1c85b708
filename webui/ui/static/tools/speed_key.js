// Speed and key: slower to practise, lower to sing.

import { h } from "../dom.js";
import { toggle } from "../kit/form.js";
import { t } from "../text.js";
import { dial } from "../kit/controls.js";
import { jobTool } from "./job_tool.js";

export const speedKey = () =>
  jobTool({
    id: "speed-key",
    action: (count) => t(count > 1 ? "tools.speed_key.start.many" : "tools.speed_key.start", { count }),
    settings: (changed) => {
      const speed = dial({ label: t("tools.speed_key.speed"), hint: t("tools.speed_key.speed.hint"), min: 50, max: 200, step: 1, value: 100, unit: "%", onchange: changed });
      const key = dial({
        label: t("tools.speed_key.key"),
        hint: t("tools.speed_key.key.hint"),
        min: -12,
        max: 12,
        step: 1,
        value: 0,
        said: (number) => t("tools.speed_key.semitones", { count: number }),
        onchange: changed,
      });
      const formants = toggle({ label: t("step.speed_key.formants"), hint: t("tools.speed_key.formants.hint") });
      return {
        element: h("div", { class: "ms-stack" }, speed.element, key.element, formants.element),
        get value() {
          return { speed: speed.number / 100, semitones: key.number, formants: formants.control.checked };
        },
        get problem() {
          return speed.number === 100 && key.number === 0 ? t("tools.speed_key.nothing") : "";
        },
      };
    },
  });

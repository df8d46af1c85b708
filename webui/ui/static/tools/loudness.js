// Loudness: to a loudness that services ask for, or simply louder or softer.

import { h } from "../dom.js";
import { choices } from "../kit/form.js";
import { t } from "../text.js";
import { dial } from "../kit/controls.js";
import { jobTool } from "./job_tool.js";

const TARGETS = { streaming: -14, soft: -16, broadcast: -23 };

export const loudness = () =>
  jobTool({
    id: "gain",
    action: (count) => t(count > 1 ? "tools.gain.start.many" : "tools.gain.start", { count }),
    settings: (changed) => {
      const lufs = dial({ label: t("tools.gain.lufs"), min: -36, max: -5, step: 0.5, value: -14, unit: "LUFS", onchange: changed });
      const peak = dial({ label: t("tools.gain.peak"), hint: t("tools.gain.peak.hint"), min: -12, max: 0, step: 0.1, value: -1, unit: "dBTP", onchange: changed });
      const db = dial({ label: t("tools.gain.db"), hint: t("tools.gain.db.hint"), min: -24, max: 24, step: 0.5, value: 3, unit: "dB", onchange: changed });
      const to = choices({
        label: t("tools.gain.how"),
        cards: true,
        options: [...Object.keys(TARGETS), "own", "db"].map((value) => ({ value, label: t(`tools.gain.to.${value}`), about: t(`tools.gain.to.${value}.about`) })),
        value: "streaming",
        onchange: show,
      });
      function show() {
        lufs.element.hidden = to.value !== "own";
        peak.element.hidden = to.value === "db";
        db.element.hidden = to.value !== "db";
        changed();
      }
      lufs.element.hidden = db.element.hidden = true;
      return {
        element: h("div", { class: "ms-stack" }, to.element, lufs.element, db.element, peak.element),
        get value() {
          if (to.value === "db") return { db: db.number };
          return { lufs: TARGETS[to.value] ?? lufs.number, peak_db: peak.number };
        },
      };
    },
  });

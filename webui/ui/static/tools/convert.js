// Convert: another format, rate or number of channels, for many files at once.

import { h } from "../dom.js";
import { choices, field, select } from "../kit/form.js";
import { t } from "../text.js";
import { jobTool } from "./job_tool.js";

const RATES = [44100, 48000, 88200, 96000, 192000];

export const convert = () =>
  jobTool({
    id: "convert",
    action: (count) => t(count > 1 ? "tools.convert.start.many" : "tools.convert.start", { count }),
    saveFirst: true,
    settings: (changed) => {
      const rate = select({
        options: [{ value: "", label: t("tools.convert.same") }, ...RATES.map((each) => ({ value: each, label: `${each / 1000} kHz` }))],
        onchange: changed,
      });
      const channels = choices({
        label: t("tools.convert.channels"),
        options: [["", "same"], ["1", "mono"], ["2", "stereo"]].map(([value, name]) => ({ value, label: t(`tools.convert.${name}`) })),
        value: "",
        onchange: changed,
      });
      return {
        element: h("div", { class: "ms-stack" }, field({ label: t("tools.convert.rate"), hint: t("tools.convert.rate.hint"), control: rate }).element, channels.element),
        get value() {
          return { ...(rate.value ? { rate: Number(rate.value) } : {}), ...(channels.value ? { channels: Number(channels.value) } : {}) };
        },
      };
    },
  });

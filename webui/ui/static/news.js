// What came of pressing Start: which songs were refused and why. The others are in the queue.

import { h, icon, announcer } from "./dom.js";
import { jobs } from "./jobs.js";
import { t } from "./text.js";

export function news(place, { props, watch }) {
  const list = h("ul", { class: "ms-problems", role: "alert" });
  const spoken = announcer();
  place.append(list, spoken.region);
  let last = "";
  watch("value", () => {
    const { jobs: started = [], problems = [], turn = "" } = props.value ?? {};
    if (turn === last) return;
    last = turn;
    started.forEach((id) => jobs.mine.add(id));
    list.replaceChildren(...problems.map(problem));
    if (started.length) {
      spoken.say(t(started.length === 1 ? "news.queued.one" : "news.queued.many", { count: started.length }));
      jobs.refresh();
    }
  });
}

function problem({ file, text }) {
  const close = h("button", { type: "button", class: "ms-button ms-quiet", "aria-label": t("news.close") }, icon("close"));
  const item = h(
    "li",
    { class: "ms-problem" },
    icon("failed"),
    h("p", {}, h("strong", {}, [t("news.refused"), file].join(" ").trim()), h("br"), text),
    close,
  );
  close.addEventListener("click", () => item.remove());
  return item;
}

// 50 jobs a page: where one is, and the way to the next.

import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { route } from "../route.js";
import { t } from "../text.js";
import { PAGE } from "./query.js";

export function pages() {
  let page = 1;
  const go = (to) => {
    route.set({ sheet: to > 1 ? to : null });
    document.querySelector("#tab-jobs .ms-jobs-bar")?.scrollIntoView({ block: "nearest" });
  };
  const back = button({ label: t("jobs.page.newer"), symbol: "left", run: () => go(page - 1) });
  const on = button({ label: t("jobs.page.older"), symbol: "right", run: () => go(page + 1) });
  const where = h("span", { class: "ms-facts", role: "status" });
  const element = h("nav", { class: "ms-head ms-jobs-pages", "aria-label": t("jobs.pages"), hidden: true }, back, where, on);
  return {
    element,
    show(now, total) {
      page = now;
      element.hidden = total <= PAGE && now === 1;
      back.disabled = now <= 1;
      on.disabled = now * PAGE >= total;
      setText(where, t("jobs.page.of", { first: Math.min(total, (now - 1) * PAGE + 1), last: Math.min(total, now * PAGE), total }));
    },
  };
}

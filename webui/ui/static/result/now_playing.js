// The sound goes on when another tab is shown: there a small bar says what plays, and stops it.

import { h, icon, setText } from "../dom.js";
import { root } from "../kit/dialog.js";
import { follow, route } from "../route.js";
import { t } from "../text.js";

/** Returns { show(desk, job) }: call it whenever what plays, or the open tab, may have changed. */
export function nowPlaying() {
  const title = h("span", { translate: "no" });
  const link = h("a", { class: "ms-playing-title", href: "" }, icon("result"), title);
  const pause = h("button", { type: "button", class: "ms-button ms-primary", translate: "no" });
  const element = h("section", { class: "ms-playing", hidden: true, "aria-label": t("result.playing") }, link, pause);
  let open = null; // { desk, job }
  let heard = false; // it was playing when the tab was left
  link.addEventListener("click", follow(() => ({ tab: "result", job: open?.job.id })));
  pause.addEventListener("click", () => open?.desk.toggle());
  return {
    show(desk, job) {
      open = desk ? { desk, job } : null;
      const away = route.tab !== "result";
      const playing = Boolean(desk) && desk.state !== "stopped";
      heard = away && Boolean(desk) && (heard || playing);
      element.hidden = !heard;
      if (!heard) return;
      if (!element.isConnected) root().append(element);
      link.href = route.link({ tab: "result", job: job.id });
      setText(title, job.title);
      const label = t(playing ? "mixer.pause" : "mixer.play");
      pause.setAttribute("aria-label", t("mixer.of", { action: label, stem: job.title }));
      pause.replaceChildren(icon(playing ? "pause" : "play"));
    },
  };
}

// Name, language, what the queue is doing; and the calm message when the server is away.

import { h, setText } from "./dom.js";
import { jobs } from "./jobs.js";
import { t } from "./text.js";

const YEAR_S = 365 * 24 * 3600;

export function titlebar(place) {
  const state = h("span", { class: "ms-chip-state" });
  const fill = h("span", { class: "ms-chip-fill" });
  const chip = h("a", { class: "ms-chip", href: "#live-queue", onclick: toQueue }, fill, state);
  const banner = h("div", { class: "ms-banner", role: "status" });
  place.append(
    h(
      "header",
      { class: "ms-bar" },
      h("div", { class: "ms-name" }, h("h1", {}, "MSST-WebUI"), h("p", {}, t("app.tagline"))),
      chip,
      languages(),
    ),
    banner,
  );
  jobs.subscribe(({ list, away }) => {
    setText(banner, away ? t("page.away") : "");
    const { text, fraction } = summary(list ?? []);
    setText(state, text);
    chip.setAttribute("aria-label", t("chip.label", { state: text }));
    chip.classList.toggle("ms-busy", fraction !== null);
    fill.style.transform = `scaleX(${fraction ?? 0})`;
  });
}

function summary(list) {
  const running = list.filter((job) => job.state === "running");
  const count = list.filter((job) => job.state === "queued").length;
  if (!running.length) return count ? { text: t("chip.waiting", { count }), fraction: 0 } : { text: t("chip.idle"), fraction: null };
  const fraction = running.reduce((sum, job) => sum + job.progress, 0) / running.length;
  const percent = Math.floor(fraction * 100);
  return { text: t(count ? "chip.running.waiting" : "chip.running", { percent, count }), fraction };
}

// The page's <base> would turn a plain "#..." link into another address.
function toQueue(event) {
  event.preventDefault();
  const title = document.querySelector("#live-queue h2");
  title?.focus({ preventScroll: true });
  title?.scrollIntoView({ behavior: "smooth", block: "start" });
}

function languages() {
  const { language, languages: all } = window.MSST;
  const options = Object.entries(all).map(([tag, name]) =>
    h("option", { value: tag, lang: tag, selected: tag === language }, name),
  );
  return h("select", { class: "ms-language", "aria-label": t("page.language"), onchange: choose }, ...options);
}

// A cookie and not local storage: the server writes messages in this language too.
function choose(event) {
  const path = new URL(".", document.baseURI).pathname;
  document.cookie = `msst_language=${event.target.value}; path=${path}; max-age=${YEAR_S}; samesite=lax`;
  location.reload();
}

// What is on every tab: the name, where one can go, what the queue is doing, language and theme; and the calm message when the server is away.

import { h, icon, setText } from "./dom.js";
import { jobs } from "./jobs.js";
import { menuButton } from "./kit/menu.js";
import { follow, route } from "./route.js";
import { t } from "./text.js";

const YEAR_S = 365 * 24 * 3600;
const ON_PHONE = ["separate", "result", "jobs"]; // the others are behind "More"

export function frame(place) {
  const banner = h("div", { class: "ms-banner", role: "status" });
  place.append(
    h("a", { class: "ms-skip", href: "#", onclick: skip }, t("page.skip")),
    h(
      "header",
      { class: "ms-bar" },
      h("div", { class: "ms-name" }, h("h1", {}, "MSST-WebUI"), h("p", {}, t("app.tagline"))),
      chip(),
      theme(),
      languages(),
    ),
    navigation(),
    banner,
  );
  jobs.subscribe(({ away }) => setText(banner, away ? t("page.away") : ""));
  route.subscribe(() => {
    const name = t(`tab.${route.tab}`);
    document.title = `${name} · MSST-WebUI`;
  });
}

function navigation() {
  const links = window.MSST.tabs.map((tab) =>
    h(
      "a",
      { class: `ms-tab-link ${ON_PHONE.includes(tab) ? "" : "ms-off-phone"}`, href: "", "data-to": tab, onclick: follow(() => ({ tab })) },
      icon(tab),
      h("span", {}, t(`tab.${tab}`)),
    ),
  );
  const more = menuButton({
    label: t("tab.more"),
    symbol: "more",
    className: "ms-tab-link ms-on-phone",
    items: () =>
      window.MSST.tabs
        .filter((tab) => !ON_PHONE.includes(tab))
        .map((tab) => ({ label: t(`tab.${tab}`), symbol: tab, current: route.tab === tab, action: () => route.go({ tab }) })),
  });
  const bar = h("nav", { class: "ms-nav", "aria-label": t("page.navigation") }, ...links, more);
  route.subscribe(() => {
    for (const link of links) {
      const tab = link.dataset.to;
      link.href = route.link({ tab });
      if (tab === route.tab) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    more.classList.toggle("ms-current", !ON_PHONE.includes(route.tab));
  });
  return bar;
}

// Past the navigation, into what is open.
function skip(event) {
  event.preventDefault();
  const panel = document.querySelector(`#tab-${route.tab}`);
  const target = panel?.querySelector("h2, button, input, select, a");
  if (target && target.tabIndex < 0 && !target.hasAttribute("tabindex")) target.setAttribute("tabindex", "-1");
  target?.focus();
}

function chip() {
  const state = h("span", { class: "ms-chip-state" });
  const fill = h("span", { class: "ms-chip-fill" });
  const link = h("a", { class: "ms-chip", href: "", onclick: follow(() => ({ tab: "separate" })) }, fill, state);
  link.addEventListener("click", () => requestAnimationFrame(toQueue));
  jobs.subscribe(({ list }) => {
    const { text, fraction } = summary(list ?? []);
    setText(state, text);
    link.href = route.link({ tab: "separate" });
    link.setAttribute("aria-label", t("chip.label", { state: text }));
    link.classList.toggle("ms-busy", fraction !== null);
    fill.style.transform = `scaleX(${fraction ?? 0})`;
  });
  return link;
}

function summary(list) {
  const running = list.filter((job) => job.state === "running");
  const count = list.filter((job) => job.state === "queued").length;
  if (!running.length) return count ? { text: t("chip.waiting", { count }), fraction: 0 } : { text: t("chip.idle"), fraction: null };
  const fraction = running.reduce((sum, job) => sum + job.progress, 0) / running.length;
  const percent = Math.floor(fraction * 100);
  return { text: t(count ? "chip.running.waiting" : "chip.running", { percent, count }), fraction };
}

function toQueue() {
  const title = document.querySelector("#queue-title");
  title?.focus({ preventScroll: true });
  title?.scrollIntoView({ behavior: "smooth", block: "start" });
}

// Gradio follows the system unless told otherwise before it starts (assets.py); here the choice is shown at once and kept.
function theme() {
  const dark = () => document.body.classList.contains("dark");
  const button = h("button", { type: "button", class: "ms-button ms-quiet ms-theme", onclick: change }, icon("theme"));
  const name = () => button.setAttribute("aria-label", t(dark() ? "page.theme.light" : "page.theme.dark"));
  function change() {
    setTheme(dark() ? "light" : "dark");
    name();
  }
  new MutationObserver(name).observe(document.body, { attributeFilter: ["class"] });
  name();
  return button;
}

/** "light", "dark", or "system"; kept in this browser. */
export function setTheme(choice) {
  const system = () => matchMedia("(prefers-color-scheme: dark)").matches;
  try {
    if (choice === "system") localStorage.removeItem("msst-theme");
    else localStorage.setItem("msst-theme", choice);
  } catch {
    // a browser that keeps nothing still shows it
  }
  document.body.classList.toggle("dark", choice === "dark" || (choice === "system" && system()));
}

export function savedTheme() {
  try {
    return localStorage.getItem("msst-theme") ?? "system";
  } catch {
    return "system";
  }
}

function languages() {
  const { language, languages: all } = window.MSST;
  const options = Object.entries(all).map(([tag, name]) =>
    h("option", { value: tag, lang: tag, selected: tag === language }, name),
  );
  return h(
    "select",
    { class: "ms-language", "aria-label": t("page.language"), onchange: (event) => setLanguage(event.target.value) },
    ...options,
  );
}

/** A cookie and not local storage: the server writes messages in this language too. "" follows the browser again. */
export function setLanguage(tag) {
  const path = new URL(".", document.baseURI).pathname;
  document.cookie = `msst_language=${tag}; path=${path}; max-age=${tag ? YEAR_S : 0}; samesite=lax`;
  location.reload();
}

/** The language that was chosen in this browser, or "". */
export function savedLanguage() {
  return /(?:^|; )msst_language=([\w-]*)/.exec(document.cookie)?.[1] ?? "";
}

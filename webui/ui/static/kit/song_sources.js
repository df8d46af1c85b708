// Two further ways in that need a word with the user: an address, and the microphone. Each is a button that opens a panel.

import { h, setText } from "../dom.js";
import { clock, t } from "../text.js";
import { busy, button } from "./button.js";
import { addressIn } from "./dropped.js";
import { keepFocus } from "./focus.js";
import { field, input } from "./form.js";
import { cannotRecord, record } from "./recorder.js";
import { reason } from "./toast.js";

// A button that opens its panel; of the panels side by side only one is open.
function opener(panel, label, symbol, onopen = () => {}) {
  const element = button({ label, symbol, kind: "quiet", "aria-expanded": "false", run: () => show(panel.hidden) });
  const show = (open) => {
    for (const each of panel.parentElement.querySelectorAll(".ms-zone-panel")) each.hidden = each !== panel || !open;
    for (const each of element.parentElement.querySelectorAll("[aria-expanded]")) each.setAttribute("aria-expanded", String(open && each === element));
    if (open) onopen();
  };
  return { element, close: () => keepFocus(panel, () => show(false), () => element) };
}

/** add(url) may throw; its reason is then shown below the field. */
export function linkField(add) {
  const line = field({ label: t("songs.link.label"), hint: t("songs.link.hint"), control: input({ type: "url", placeholder: "https://", inputmode: "url" }) });
  const form = h("form", { class: "ms-zone-panel", hidden: true, novalidate: true }, line.element, h("button", { type: "submit", class: "ms-button" }, t("songs.link.fetch")));
  const send = form.querySelector("[type=submit]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(send, async () => {
      const url = addressIn(line.value);
      line.setProblem(url ? "" : t("songs.link.bad"));
      if (!url) return;
      try {
        await add(url);
        line.value = "";
        open.close();
      } catch (error) {
        line.setProblem(reason(error));
      }
    });
  });
  const open = opener(form, t("songs.link"), "link", () => line.control.focus());
  return { panel: form, opener: open.element };
}

/** add(file) takes what was recorded. */
export function recordField(add) {
  const why = cannotRecord();
  const state = h("p", { class: "ms-hint", role: "status" }, why ? t(why) : t("songs.record.hint"));
  const time = h("span", { class: "ms-record-time", role: "timer" });
  let running = null;
  let ticking = 0;
  const reset = () => {
    running = null;
    clearInterval(ticking);
    setText(time, "");
    main.querySelector("span").textContent = t("songs.record.start");
    main.classList.remove("ms-recording");
    stop.hidden = true;
  };
  const main = button({
    label: t("songs.record.start"),
    symbol: "microphone",
    run: async () => {
      if (running) {
        const file = await running.stop();
        reset();
        setText(state, t("songs.record.hint"));
        open.close();
        add(file);
        return;
      }
      try {
        running = await record(t("songs.record.name", { time: stamp() }));
      } catch (error) {
        setText(state, t(error.name === "NotAllowedError" ? "songs.record.refused" : "songs.record.none"));
        return;
      }
      const begun = performance.now();
      setText(state, t("songs.record.running"));
      main.querySelector("span").textContent = t("songs.record.done");
      main.classList.add("ms-recording");
      stop.hidden = false;
      const tick = () => setText(time, clock((performance.now() - begun) / 1000));
      tick();
      ticking = setInterval(tick, 500);
    },
  });
  const stop = button({
    label: t("songs.record.discard"),
    kind: "quiet",
    hidden: true,
    run: async () => {
      await running?.cancel();
      reset();
      setText(state, t("songs.record.hint"));
    },
  });
  const panel = h("div", { class: "ms-zone-panel", hidden: true }, state, why ? null : h("div", { class: "ms-row" }, main, time, stop));
  const open = opener(panel, t("songs.record"), "microphone");
  return { panel, opener: open.element };
}

const stamp = () => new Date().toTimeString().slice(0, 5).replace(":", "-");

// "Install" with its size, then how far it is, then nothing: for every place that names a model which is not here yet.

import { h, setText } from "../dom.js";
import { installs } from "../installs.js";
import { errorText, find, size, t, timeLeft } from "../text.js";
import { button } from "./button.js";

/**
 * @param model { name, title, bytes, installed }
 * @param oninstalled called once when it is here
 * Returns { element, close() }.
 */
export function installButton(model, { oninstalled = () => {}, kind = "" } = {}) {
  const element = h("div", { class: "ms-install" });
  const fill = h("span");
  const meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("install.progress", model) }, fill);
  const status = h("p", { class: "ms-hint", role: "status" });
  const start = button({
    label: model.bytes ? t("install.size", { size: size(model.bytes) }) : t("install.start"),
    symbol: "download",
    kind,
    "data-install": model.name,
    run: () => (installs.get(model.name)?.state === "failed" ? installs.retry(model.name) : installs.start(model.name)),
  });
  start.setAttribute("aria-label", t("install.label", { title: model.title }));
  const cancel = button({ label: t("kit.cancel"), kind: "quiet", run: () => installs.cancel(model.name) });
  let done = model.installed;

  function draw() {
    const install = installs.get(model.name);
    const state = install?.state ?? (model.installed ? "installed" : "");
    if (state === "installed") {
      element.replaceChildren(h("span", { class: "ms-tag ms-good" }, t("install.done")));
      if (!done) oninstalled();
      done = true;
    } else if (installs.busy(model.name)) {
      const fraction = install.total ? install.done / install.total : 0;
      fill.style.transform = `scaleX(${fraction})`;
      meter.setAttribute("aria-valuenow", Math.floor(fraction * 100));
      setText(status, progress(install, fraction));
      if (!meter.isConnected) element.replaceChildren(meter, h("div", { class: "ms-row" }, status, cancel));
    } else {
      setText(status, install?.error && state === "failed" ? errorText(install.error) : "");
      element.replaceChildren(start, status);
    }
  }
  const stop = installs.subscribe((changed) => changed.has(model.name) && draw());
  draw();
  return { element, close: stop };
}

function progress({ state, done, total, speed, seconds_left: left }, fraction) {
  if (state !== "downloading") return find(`install.state.${state}`) ?? state;
  const parts = [total ? `${Math.floor(fraction * 100)} %` : size(done), speed ? t("install.speed", { size: size(speed) }) : ""];
  return [...parts, left ? timeLeft(left) : ""].filter(Boolean).join(" · ");
}

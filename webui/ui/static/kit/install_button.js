// "Install" with its size, then how far it is, then nothing: for every place that names a model which is not here yet.

import { h, setText } from "../dom.js";
import { installs } from "../installs.js";
import { errorText, find, size, t, timeLeft } from "../text.js";
import { button } from "./button.js";
import { keepFocus } from "./focus.js";

let number = 0;

/**
 * @param model { name, title, bytes, installed }
 * @param oninstalled called once when it is here, never before this function has returned
 * Returns { element, close() }.
 */
export function installButton(model, { oninstalled = () => {}, kind = "" } = {}) {
  const id = `ms-install-${(number += 1)}`; // its buttons are named after the model: "Install, Title"
  const element = h("div", { class: "ms-install" }, h("span", { id, hidden: true, translate: "no" }, model.title));
  const fill = h("span");
  const meter = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-labelledby": `${id}-state ${id}` }, fill);
  const status = h("p", { class: "ms-hint ms-install-state", id: `${id}-state` });
  const told = h("p", { class: "ms-unseen", role: "status" }); // states alone: a reader need not hear every per cent
  const cancel = button({ label: t("kit.cancel"), kind: "quiet", id: `${id}-cancel`, "aria-labelledby": `${id}-cancel ${id}`, run: () => installs.cancel(model.name) });
  const body = h("div", { class: "ms-install-body" });
  element.append(body, told);
  let shown = "";
  let done = model.installed;

  function draw() {
    const install = installs.get(model.name);
    const state = install?.state ?? (model.installed ? "installed" : "");
    if (state === "installed") {
      if (!done) queueMicrotask(oninstalled);
      done = true;
    }
    if (installs.busy(model.name)) drawProgress(install);
    if (state === shown && state) return;
    shown = state;
    setText(told, installs.busy(model.name) ? find(`install.state.${state}`) : "");
    keepFocus(body, () => body.replaceChildren(...inside(state, install)));
  }
  function inside(state, install) {
    if (state === "installed") return [h("span", { class: "ms-tag ms-good" }, t("install.done"))];
    if (installs.busy(model.name)) return [meter, h("div", { class: "ms-row" }, status, cancel)];
    return [start(install), ...problem(install)];
  }
  function drawProgress(install) {
    const fraction = install.total ? Math.min(1, install.done / install.total) : 0;
    fill.style.transform = `scaleX(${fraction})`;
    meter.setAttribute("aria-valuenow", Math.floor(fraction * 100));
    setText(status, progress(install, fraction));
  }
  function start(install) {
    const begun = ["failed", "cancelled"].includes(install?.state);
    return button({
      label: begun ? t("install.again") : model.bytes ? t("install.size", { size: size(model.bytes) }) : t("install.start"),
      symbol: begun ? "again" : "download",
      kind,
      "data-install": model.name,
      id: `${id}-start`,
      "aria-labelledby": `${id}-start ${id}`,
      run: () => (begun ? installs.retry(model.name) : installs.start(model.name)),
    });
  }
  const stop = installs.subscribe((changed) => changed.has(model.name) && draw());
  draw();
  return { element, close: stop };
}

function problem(install) {
  if (install?.state === "failed" && install.error) return [h("p", { class: "ms-bad-text", role: "alert" }, errorText(install.error))];
  if (install?.state === "cancelled" && install.done) return [h("p", { class: "ms-hint" }, t("install.kept", { size: size(install.done) }))];
  return [];
}

function progress({ state, done, total, speed, seconds_left: left }, fraction) {
  if (state !== "downloading") return find(`install.state.${state}`) ?? state;
  if (!total && !done) return t("install.connecting");
  const parts = [total ? `${Math.floor(fraction * 100)} %` : size(done), speed ? t("install.speed", { size: size(speed) }) : t("install.waiting")];
  return [...parts, left ? timeLeft(left) : ""].filter(Boolean).join(" · ");
}

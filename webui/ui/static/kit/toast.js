// Short notes at the edge of the page: what was done, and what could not be.

import { Away } from "../base.js";
import { h, icon } from "../dom.js";
import { errorText, t } from "../text.js";
import { root } from "./dialog.js";

const SHOWN_MS = 6000;

/** Say something that needs no answer. kind: "good" or "bad"; `action`: { label, run }. Bad news stay until they are closed. */
export function toast(text, { kind = "good", action = null } = {}) {
  const close = h("button", { type: "button", class: "ms-button ms-quiet", "aria-label": t("kit.close") }, icon("close"));
  const button = action && h("button", { type: "button", class: "ms-button" }, action.label);
  const note = h("div", { class: `ms-toast ms-${kind}` }, icon(kind === "bad" ? "failed" : "completed"), h("p", {}, text), button, close);
  const gone = () => note.remove();
  close.addEventListener("click", gone);
  button?.addEventListener("click", () => {
    gone();
    attempt(action.run);
  });
  shelf(kind).append(note);
  if (kind !== "bad") setTimeout(gone, SHOWN_MS);
  return gone;
}

/** Say why something could not be done: an error of `base.js`, in the reader's language. */
export function fail(error) {
  if (error?.name === "AbortError") return;
  toast(reason(error), { kind: "bad" });
  if (!(error instanceof Away) && !error?.status) console.error(error);
}

/** Do what may fail: an error is told, not thrown. */
export async function attempt(work) {
  try {
    await work?.();
  } catch (error) {
    fail(error);
  }
}

/** The text of an error that a request threw. */
export function reason(error) {
  return error instanceof Away ? t("error.away") : errorText(error);
}

// Two live regions, made before they are needed: a reader hears what is put into them.
function shelf(kind) {
  const id = kind === "bad" ? "ms-alerts" : "ms-notes";
  return document.querySelector(`#${id}`) ?? makeShelves(id);
}

function makeShelves(id) {
  const shelves = h(
    "div",
    { class: "ms-toasts" },
    h("div", { id: "ms-notes", role: "status" }),
    h("div", { id: "ms-alerts", role: "alert" }),
  );
  root().append(shelves);
  return shelves.querySelector(`#${id}`);
}

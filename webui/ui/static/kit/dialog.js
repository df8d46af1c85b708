// Windows over the page: the browser's own <dialog>, which keeps the focus in and gives it back.

import { h, icon } from "../dom.js";
import { t } from "../text.js";

let number = 0;

/**
 * Open a window. Returns { element, body, close(value), closed }, where `closed` resolves to the value it was closed with
 * (undefined by Escape, by the cross or by a press beside it).
 * @param actions buttons of its foot
 */
export function dialog({ title, body = [], actions = [], wide = false }) {
  number += 1;
  const id = `ms-dialog-${number}`;
  const content = h("div", { class: "ms-dialog-body" }, ...[body].flat());
  const foot = h("div", { class: "ms-dialog-foot" }, ...actions);
  const cross = h("button", { type: "button", class: "ms-button ms-quiet", "aria-label": t("kit.close") }, icon("close"));
  const element = h(
    "dialog",
    { class: `ms-dialog${wide ? " ms-wide" : ""}`, "aria-labelledby": id },
    h("div", { class: "ms-dialog-head" }, h("h2", { id }, title), cross),
    content,
    actions.length ? foot : null,
  );
  let value;
  const close = (given) => {
    value = given;
    element.close();
  };
  cross.addEventListener("click", () => close());
  element.addEventListener("pointerdown", (event) => event.target === element && outsideOf(element, event) && close());
  const closed = new Promise((resolve) =>
    element.addEventListener("close", () => {
      element.remove();
      resolve(value);
    }),
  );
  root().append(element);
  element.showModal();
  return { element, body: content, close, closed };
}

/** Ask before something that cannot be taken back. Resolves to true or false. */
export async function ask({ title, text, action, danger = false }) {
  const yes = h("button", { type: "button", class: `ms-button ${danger ? "ms-danger" : "ms-primary"}` }, action);
  const no = h("button", { type: "button", class: "ms-button", autofocus: true }, t("kit.cancel"));
  const window = dialog({ title, body: [h("p", {}, text)], actions: [no, yes] });
  yes.addEventListener("click", () => window.close(true));
  no.addEventListener("click", () => window.close(false));
  return (await window.closed) === true;
}

/** Ask for a line of text. Resolves to it, or to null. `check(text)` may give a reason against it. */
export async function askText({ title, label, value = "", action, check = () => "" }) {
  const input = h("input", { type: "text", class: "ms-input", value, id: `ms-ask-${number + 1}`, autocomplete: "off" });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const form = h("form", { method: "dialog" }, h("label", { class: "ms-label", for: input.id }, label), input, problem);
  const yes = h("button", { type: "submit", class: "ms-button ms-primary" }, action);
  const window = dialog({ title, body: [form], actions: [yes] });
  const submit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    const reason = text ? check(text) : t("kit.required");
    problem.textContent = reason;
    if (!reason) window.close(text);
  };
  form.addEventListener("submit", submit);
  yes.addEventListener("click", submit);
  input.select();
  return (await window.closed) ?? null;
}

/** Where windows and notes are put: inside Gradio's container, whose colours they use. */
export function root() {
  let place = document.querySelector("#ms-above");
  if (!place) {
    place = h("div", { id: "ms-above", class: "ms" });
    (document.querySelector(".gradio-container") ?? document.body).append(place);
  }
  return place;
}

function outsideOf(element, { clientX, clientY }) {
  const box = element.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

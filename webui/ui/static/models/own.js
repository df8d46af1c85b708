// Adding a model of one's own: its file and what belongs to it, sent with progress, tried by the server, and what does not fit said line by line.

import { json, sendForm } from "../base.js";
import { h, icon } from "../dom.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { field, input, select, toggle } from "../kit/form.js";
import { reason, toast } from "../kit/toast.js";
import { route } from "../route.js";
import { size, t } from "../text.js";
import { isLocal } from "./link.js";
import { libraryChanged } from "./state.js";
import { problemLines, stemList } from "../kit/model_words.js";

const WEIGHTS = ".ckpt,.pth,.pt,.bin,.chpt,.th,.safetensors";
const LINES_SHOWN = 30;

export function addOwn() {
  const checkpoint = fileField("models.own.weights", WEIGHTS);
  const path = field({ label: t("models.own.path"), hint: t("models.own.path.hint"), control: input({ placeholder: "/" }) });
  const config = fileField("models.own.config", ".yaml,.yml");
  const title = field({ label: t("models.own.title"), control: input({ maxlength: 200 }) });
  const purpose = field({ label: t("models.own.purpose"), hint: t("models.own.purpose.hint"), control: input({ maxlength: 500 }) });
  const layout = field({ label: t("models.own.layout"), hint: t("models.own.layout.hint"), control: select({ options: [{ value: "", label: t("kit.none") }], value: "" }) });
  const finds = field({ label: t("models.own.finds"), control: input({ placeholder: "Instrumental", translate: "no" }) });
  const rest = field({ label: t("models.own.rest"), control: input({ placeholder: "Vocals", translate: "no" }) });
  const replace = toggle({ label: t("models.own.replace") });
  const vr = folded("models.own.vr", layout, finds, rest);
  const other = folded("models.own.more", ...(isLocal() ? [path] : []), { element: replace.element });
  const outcome = h("div", { class: "ms-stack", role: "status" });
  let control = null;

  const stop = button({ label: t("kit.cancel"), run: () => (control ? control.abort() : window.close()) });
  const add = button({ label: t("models.own.add"), symbol: "upload", kind: "primary", run: submit });
  const window = dialog({
    title: t("models.own.heading"),
    wide: true,
    body: [h("p", {}, t("models.own.about")), checkpoint.element, config.element, title.element, purpose.element, vr, other, outcome],
    actions: [stop, add],
  });
  checkpoint.control.addEventListener("change", () => {
    checkpoint.setProblem("");
    const name = checkpoint.control.files[0]?.name ?? "";
    title.control.placeholder = name.replace(/\.[^.]+$/, "");
    if (name.endsWith(".pth")) vr.open = true;
  });
  json("models/categories").then(({ layouts }) => {
    layout.control.append(...layouts.map((name) => h("option", { value: name, translate: "no" }, name)));
  }, () => {}); // then the layout can be left to a YAML
  window.closed.then(() => control?.abort());

  async function submit() {
    const [weights] = checkpoint.control.files;
    checkpoint.setProblem(weights || path.value.trim() ? "" : t("models.own.weights.missing"));
    if (!weights && !path.value.trim()) return checkpoint.control.focus();
    const form = new FormData();
    if (weights) form.set("checkpoint", weights);
    else form.set("path", path.value.trim());
    if (!weights) form.set("copy", "false");
    if (config.control.files[0]) form.set("config", config.control.files[0]);
    const stems = [finds.value, rest.value].map((each) => each.trim()).filter(Boolean).join(",");
    const said = { title: title.value.trim(), purpose: purpose.value.trim(), layout: layout.value, stems, name: title.value.trim().slice(0, 200) };
    for (const [name, value] of Object.entries(said)) if (value) form.set(name, value);
    if (replace.control.checked) form.set("replace", "true");
    control = new AbortController();
    try {
      const added = await sendForm("models", form, { signal: control.signal, progress: meter(outcome, weights) });
      libraryChanged();
      success(added);
    } catch (error) {
      outcome.replaceChildren(...refusal(error));
      outcome.lastElementChild?.scrollIntoView({ block: "nearest" });
    } finally {
      control = null;
    }
    return undefined;
  }
  function success({ model, known, assumed }) {
    window.close();
    const text = t(known ? "models.own.known" : assumed.length ? "models.own.assumed" : "models.own.added", { title: model.title, stems: stemList(model.stems) });
    toast(text, { action: { label: t("models.details"), run: () => route.go({ tab: "models", model: model.name }) } });
  }
}

// A file to choose. The browser's own field speaks the browser's language, not the page's.
function fileField(key, accept) {
  const control = h("input", { type: "file", accept });
  const name = h("span", { class: "ms-hint" }, t("models.own.no_file"));
  const made = field({ label: t(key), hint: t(`${key}.hint`), control });
  const box = h("div", { class: "ms-input ms-file" }, h("span", { class: "ms-button", "aria-hidden": "true" }, t("models.own.choose")), name);
  control.replaceWith(box);
  box.prepend(control);
  control.addEventListener("change", () => {
    name.textContent = control.files[0]?.name ?? t("models.own.no_file");
    name.toggleAttribute("translate", false);
    if (control.files[0]) name.setAttribute("translate", "no");
  });
  return made;
}

function folded(key, ...fields) {
  return h("details", { class: "ms-details" }, h("summary", {}, t(key)), h("div", { class: "ms-stack ms-folded" }, ...fields.map((each) => each.element)));
}

// How much has been sent; then that the server tries it.
function meter(place, weights) {
  const fill = h("span");
  const text = h("p", { class: "ms-hint" });
  const bar = h("div", { class: "ms-meter", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100, "aria-label": t("models.own.sending") }, fill);
  place.replaceChildren(bar, text);
  text.textContent = t(weights ? "models.own.sending" : "models.own.trying");
  return (fraction) => {
    fill.style.transform = `scaleX(${fraction})`;
    bar.setAttribute("aria-valuenow", Math.floor(fraction * 100));
    const sent = `${Math.floor(fraction * 100)} % · ${size(weights?.size ?? 0)}`;
    text.textContent = fraction >= 1 || !weights ? t("models.own.trying") : `${t("models.own.sending")} ${sent}`;
  };
}

function refusal(error) {
  if (error.name === "AbortError") return [h("p", { class: "ms-hint" }, t("models.own.stopped"))];
  const lines = problemLines(error.params?.problems);
  const rest = lines.length - LINES_SHOWN;
  const list = h("ul", { class: "ms-problem-lines" }, ...lines.slice(0, LINES_SHOWN).map((line) => h("li", {}, line)));
  if (rest > 0) list.append(h("li", {}, t("models.own.more_lines", { count: rest })));
  return [
    h("div", { class: "ms-note ms-bad", role: "alert" }, icon("failed"), h("div", {}, h("p", {}, h("strong", {}, t("models.own.refused"))), h("p", {}, reason(error)), lines.length ? list : null)),
  ];
}

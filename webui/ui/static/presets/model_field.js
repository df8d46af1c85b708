// The model of a step: chosen in a window, and installed where it stands if it is not here yet.

import { h, setText } from "../dom.js";
import { button } from "../kit/button.js";
import { installButton } from "../kit/install_button.js";
import { about, pickModel } from "../kit/model_picker.js";
import { t } from "../text.js";
import { look } from "./schema.js";
import { store } from "./store.js";

let number = 0;

export function modelWidget({ at, env, label, onchosen }) {
  number += 1;
  const name = h("span", { class: "ms-preset-model", translate: "no", id: `ms-preset-model-${number}` });
  const facts = h("p", { class: "ms-facts" });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const choose = button({ label: t("presets.model.choose"), run: pick, id: `ms-preset-choose-${number}`, "aria-labelledby": `ms-preset-choose-${number} ${name.id}` });
  const install = h("div", {});
  const element = h(
    "div",
    { class: "ms-field", role: "group", "aria-label": label },
    h("span", { class: "ms-label" }, label),
    h("div", { class: "ms-preset-model-line" }, name, choose),
    facts,
    install,
    problem,
  );
  let installing = null;

  async function pick() {
    const model = await pickModel();
    if (!model) return;
    store.learn(model);
    if (onchosen) onchosen(model);
    else env.setModel(model);
    choose.focus();
  }
  function offer(model) {
    if (installing?.name === model?.name) return;
    installing?.made.close();
    installing = null;
    install.replaceChildren();
    if (!model) return;
    const made = installButton(model, { oninstalled: () => store.learn({ ...model, installed: true }) });
    installing = { name: model.name, made };
    install.append(made.element);
  }
  return {
    element,
    show(step) {
      const chosen = look(step, at) ?? "";
      const model = chosen ? env.model(chosen) : null;
      setText(name, chosen ? (model?.title ?? chosen) : "");
      name.hidden = !chosen;
      problem.classList.toggle("ms-hint", !chosen);
      problem.classList.toggle("ms-bad-text", Boolean(chosen));
      setText(choose.querySelector("span"), t(chosen ? "presets.model.other" : "presets.model.choose"));
      choose.classList.toggle("ms-primary", !chosen);
      setText(facts, model ? about(model) : "");
      offer(model && !model.installed && model.supported !== false ? model : null);
    },
    problem(path, text) {
      setText(problem, name.hidden ? t("presets.check.model") : text);
      return () => setText(problem, "");
    },
    close: () => installing?.made.close(),
  };
}

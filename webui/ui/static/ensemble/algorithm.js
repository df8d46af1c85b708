// How one sound is made of several: three ways that most people want as cards, and all others behind "more".

import { json } from "../base.js";
import { h } from "../dom.js";
import { choices, field, input } from "../kit/form.js";
import { poll } from "../kit/poll.js";
import { t } from "../text.js";
import { settings } from "./settings.js";

const FIRST = { avg_wave: "average", min_fft: "clearer", max_fft: "fuller" };
const LEAST_HZ = 20;

/**
 * @param onchange called with { weighted, banded } of the chosen algorithm
 * Returns { element, bands, knows }, where `bands` is the element for the crossovers.
 */
export function algorithm({ onchange }) {
  let known = Object.keys(FIRST).map((name) => ({ name, weighted: name === "avg_wave", bands: name === "avg_wave" }));
  const set = (name) => settings.set({ algorithm: name });
  const first = choices({
    label: t("ensemble.how"),
    cards: true,
    options: Object.entries(FIRST).map(([value, word]) => ({ value, label: t(`ensemble.how.${word}`), about: t(`algorithm.${value}.about`) })),
    onchange: set,
  });
  const others = choices({ label: t("ensemble.how.others"), cards: true, options: [], onchange: set });
  others.element.querySelector("legend").classList.add("ms-unseen");
  const more = h("details", { class: "ms-details" }, h("summary", {}, t("ensemble.how.others")), others.element);
  const bands = crossovers();
  const knows = () => {
    const found = known.find(({ name }) => name === settings.value.algorithm);
    return { weighted: found?.weighted ?? false, banded: found?.bands ?? false };
  };
  function draw({ algorithm: name }) {
    first.value = name;
    others.value = name;
    if (!(name in FIRST)) more.open = true;
    const flags = knows();
    bands.element.hidden = !flags.banded;
    onchange(flags);
  }
  const asking = poll(async () => {
    ({ algorithms: known } = await json("ensembles/algorithms"));
    const rest = known.filter(({ name }) => !(name in FIRST));
    others.setOptions(rest.map(({ name }) => ({ value: name, label: t(`algorithm.${name}`), about: t(`algorithm.${name}.about`) })), settings.value.algorithm);
    draw(settings.value);
    asking.stop();
    return 60000;
  });
  queueMicrotask(() => settings.subscribe(draw)); // the caller has what this returns by then
  return {
    element: h("div", { class: "ms-stack" }, first.element, more),
    bands: bands.element,
    get knows() {
      return knows();
    },
  };
}

// Where low becomes middle, and middle high.
function crossovers() {
  const controls = ["low", "high"].map((name, index) => {
    const control = input({ type: "number", min: LEAST_HZ, max: 20000, step: 10, inputmode: "numeric", value: settings.value.crossovers[index] });
    return field({ label: t(`ensemble.crossover.${name}`), control });
  });
  for (const { control } of controls) {
    control.addEventListener("change", () => {
      const [low, high] = controls.map((each) => Number(each.value));
      const good = low >= LEAST_HZ && 2 * low <= high;
      controls[1].setProblem(good ? "" : t("ensemble.crossover.bad"));
      if (good) settings.set({ crossovers: [low, high] });
    });
  }
  return { element: h("div", { class: "ms-fields" }, ...controls.map(({ element }) => element)) };
}

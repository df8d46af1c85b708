// How much a member counts: its weight as a slider and a number, and weights for low, middle and high where the algorithm knows them.

import { h } from "../dom.js";
import { t } from "../text.js";
import { dial } from "../kit/controls.js";

const BANDS = ["low", "middle", "high"];

/**
 * @param start { weight, bands }
 * @param onchange ({ weight, bands })
 * Returns { element, value, show({ weighted, banded }) }.
 */
export function weights(start, onchange) {
  const value = { weight: start.weight, bands: [...start.bands] };
  const tell = () => onchange?.({ weight: value.weight, bands: [...value.bands] });
  const said = (number) => t("ensemble.weight.said", { weight: number });
  const whole = dial({ label: t("ensemble.weight"), min: 0, max: 4, step: 0.1, value: value.weight, said, onchange: (number) => ((value.weight = number), tell()) });
  const each = BANDS.map((band, index) =>
    dial({ label: t(`ensemble.band.${band}`), min: 0, max: 4, step: 0.1, value: value.bands[index], said, onchange: (number) => ((value.bands[index] = number), tell()) }),
  );
  const bands = h("details", { class: "ms-details" }, h("summary", {}, t("ensemble.bands")), h("div", { class: "ms-fields" }, ...each.map(({ element }) => element)));
  bands.open = value.bands.some((band) => band !== 1);
  return {
    element: h("div", { class: "ms-weights" }, whole.element, bands),
    value,
    show({ weighted, banded }) {
      whole.element.hidden = !weighted;
      bands.hidden = !banded;
    },
  };
}

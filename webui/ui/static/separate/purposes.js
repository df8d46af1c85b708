// "What do you want?" as cards: a few that most people want, and all others behind "more"; and how good against how fast.

import { json } from "../base.js";
import { h } from "../dom.js";
import { SHAPES } from "../icons.js";
import { button } from "../kit/button.js";
import { choices } from "../kit/form.js";
import { poll } from "../kit/poll.js";
import { find, size, t } from "../text.js";
import { choice, chosenByHand, split } from "./choice.js";

const FIRST = ["purpose/vocals_and_instrumental", "purpose/karaoke", "purpose/four_stems", "preset/lead_vocal_dry", "purpose/dereverb", "purpose/denoise"];

export function purposes() {
  let list = null; // of the server
  let all = false;
  const cards = choices({ label: t("separate.purpose"), options: [], cards: true, onchange: (card) => chosenByHand({ card }) });
  cards.element.id = "purpose";
  cards.element.querySelector("legend").classList.add("ms-unseen");
  const more = button({
    label: t("separate.purpose.more"),
    symbol: "down",
    class: "ms-button ms-quiet ms-purpose-more",
    "aria-expanded": "false",
    run: () => {
      all = !all;
      draw();
    },
  });
  const quality = choices({ label: t("separate.quality"), options: [], cards: true, onchange: (value) => chosenByHand({ quality: value === "now" ? "" : value }) });
  quality.element.id = "quality";
  const element = h("div", { class: "ms-stack" }, cards.element, more, quality.element);

  function draw() {
    const { card } = choice.value;
    const rest = (list ?? []).map(({ name }) => `purpose/${name}`).filter((each) => !FIRST.includes(each));
    const shown = [...FIRST, ...(all ? rest : rest.includes(card) ? [card] : [])];
    show(cards, shown.map(cardOption), card);
    more.querySelector("span").textContent = t(all ? "separate.purpose.fewer" : "separate.purpose.more");
    more.setAttribute("aria-expanded", String(all));
    more.querySelector("path").setAttribute("d", SHAPES[all ? "up" : "down"]);
    const purpose = list?.find(({ name }) => name === choice.purpose);
    const options = qualities(purpose);
    quality.element.hidden = options.length < 2;
    show(quality, options, chosenOf(options, purpose));
  }

  // Until the server has answered; and anew whenever the cards are opened, as models come and go in another tab.
  let asking = null;
  function refresh() {
    asking?.stop();
    asking = poll(async () => {
      ({ purposes: list } = await json("purposes"));
      draw();
      asking.stop();
      return 60000;
    });
  }
  choice.subscribe(draw);
  return { element, refresh };
}

const drawn = new Map();

// Drawn anew only where there are other options: whoever goes through them by keyboard keeps the focus.
function show(field, options, value) {
  const key = JSON.stringify(options);
  if (drawn.get(field) !== key) field.setOptions(options, value);
  drawn.set(field, key);
  field.value = value;
}

function cardOption(card) {
  const [, name] = split(card);
  return { value: card, label: t(card.replace("/", ".")), about: find(`${split(card)[0]}.${name}.about`) };
}

// Three models at most: the best, the fast one, and the best of those that are installed where it is neither.
function qualities(purpose) {
  if (!purpose) return [];
  const { best: good, fast, now } = purpose;
  const entries = [["best", good], ["fast", fast?.name === good?.name ? null : fast], ["now", [good?.name, fast?.name].includes(now?.name) ? null : now]];
  return entries
    .filter(([, model]) => model)
    .map(([value, model]) => ({
      value,
      label: t(`separate.quality.${value}`),
      about: model.installed ? t("separate.quality.here") : t("separate.quality.download", { size: size(model.bytes ?? 0) }),
      model: model.name,
    }));
}

// The chosen one; if none was chosen, what the server takes then: the best that is installed, or else the best.
function chosenOf(options, purpose) {
  const wanted = options.find(({ value }) => value === choice.value.quality);
  return (wanted ?? options.find(({ model }) => model === purpose.now?.name) ?? options[0])?.value ?? null;
}

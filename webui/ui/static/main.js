// Fills the places that webui/ui/live.py leaves in the page: the frame at once, a tab when it is first opened.

import { frame } from "./frame.js";
import { t } from "./text.js";
import { route } from "./route.js";
import { h } from "./dom.js";
import "./kit/no_drop.js";

/** place: the element to fill. */
export function fill(place) {
  if (place.dataset.filled) return; // Gradio may load a component twice; one is enough
  place.dataset.filled = "yes";
  const name = place.dataset.live;
  if (name === "frame") frame(place);
  else whenOpened(name, () => load(name, place));
}

/** Call `open` once, as soon as the tab is the open one. */
function whenOpened(tab, open) {
  const stop = route.subscribe(() => {
    if (route.tab !== tab) return;
    queueMicrotask(() => stop());
    open();
    open = () => {};
  });
}

// A tab's script exports `tab(place)`; it goes on living when another tab is shown.
async function load(name, place) {
  place.setAttribute("aria-busy", "true");
  try {
    const { tab } = await import(`./tabs/${name}.js`);
    await tab(place);
  } catch (error) {
    console.error(error);
    place.replaceChildren(h("p", { class: "ms-message", role: "alert" }, t("page.broken")));
  }
  place.removeAttribute("aria-busy");
}

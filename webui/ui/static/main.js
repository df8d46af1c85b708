// Fills the places that webui/ui/components/live.py leaves in the page.

import { mixer } from "./mixer/view.js";
import { news } from "./news.js";
import { queue } from "./queue.js";
import { titlebar } from "./titlebar.js";

const COMPONENTS = { titlebar, news, queue, mixer };

/** place: the element to fill; gradio: { props, watch } of the gr.HTML around it. */
export function fill(place, gradio) {
  if (place.dataset.filled) return; // Gradio may load a component twice; one is enough
  place.dataset.filled = "yes";
  COMPONENTS[place.dataset.live](place, gradio);
}

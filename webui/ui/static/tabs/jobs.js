// Jobs: everything that ran, and how busy the machine is.

import { view } from "../jobs/view.js";

export function tab(place) {
  view(place);
}

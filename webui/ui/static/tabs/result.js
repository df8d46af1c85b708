// Result: the mixer of the job that the address names.

import { mixer } from "../mixer/view.js";

export function tab(place) {
  mixer(place);
}

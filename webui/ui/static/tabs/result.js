// Result: the mixer of the job that the address names.

import { result } from "../result/view.js";

export function tab(place) {
  result(place);
}

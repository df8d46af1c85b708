// What is known of the models that are combined; asked for once each, and again when one was installed.

import { json } from "../base.js";
import { installs } from "../installs.js";

const known = new Map(); // name -> promise of the model as GET /models/{name} gives it, null where there is none

export function modelOf(name) {
  if (!known.has(name)) {
    const asked = json(`models/${encodeURIComponent(name)}`).catch((error) => {
      known.delete(name);
      if (error.status === 404) return null;
      throw error;
    });
    known.set(name, asked);
  }
  return known.get(name);
}

installs.subscribe((changed) => {
  for (const name of changed) if (installs.get(name)?.state === "installed") known.delete(name);
});

/** What a model itself calls a stem that is usually called `wanted`; "" if it does not give it. */
export const ownStem = (model, wanted) => model.stems[model.usual_stems.indexOf(wanted)] ?? "";

// Settings: of this browser, and of the server.

import { view } from "../settings/view.js";

export function tab(place) {
  view(place);
}

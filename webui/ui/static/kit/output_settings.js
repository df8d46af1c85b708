// How results are saved where nothing else is said: what the server's settings hold, asked for whenever a tab that saves is opened, as
// settings are changed in another one.

import { Away, json } from "../base.js";
import { route } from "../route.js";
import { poll } from "./poll.js";

const TABS = ["separate", "ensemble", "tools"];
const listeners = new Set();
let standard = { container: "wav", subtype: "" };
let asking = null;
let before = null;

/** Call `listener({ container, subtype })` now and whenever the settings were asked. */
export function onOutputSettings(listener) {
  listeners.add(listener);
  listener(standard);
}

function ask() {
  asking?.stop();
  asking = poll(async () => {
    const { settings } = await json("settings").catch(away);
    const value = (name) => settings.find((each) => each.name === name)?.value;
    standard = { container: value("output_format") ?? "wav", subtype: value("output_subtype") ?? "" };
    for (const listener of listeners) listener(standard);
    asking.stop();
    return 60000;
  });
}

// Without settings to be read (a caller who may not), the standard of the form holds.
function away(error) {
  if (error instanceof Away) throw error;
  return { settings: [] };
}

route.subscribe(() => {
  if (TABS.includes(route.tab) && route.tab !== before) ask();
  before = route.tab;
});

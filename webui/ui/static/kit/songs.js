// The place where songs come in: choose, drop, paste, record or have fetched; and the list of those that are there.

import { h, icon, setText } from "../dom.js";
import { clock, t } from "../text.js";
import { button } from "./button.js";
import { addressIn, bringsFiles, chosen, dropped } from "./dropped.js";
import { keepFocus } from "./focus.js";
import { Intake } from "./intake.js";
import { linkField, recordField } from "./song_sources.js";
import { showRows } from "./list.js";
import { SongRow } from "./song_row.js";
import { fail, toast } from "./toast.js";

const places = new Set(); // all on this page: what is dropped beside them goes to the one that is shown

/**
 * @param key name under which the songs of this place are remembered
 * @param multiple whether it takes more than one; else a new song takes the place of the one before
 * @param title what is asked for ("Songs"); the heading stays with the caller
 * @param sample show the offer of the sample song while there is none: called when it is taken
 * @param onchange called after every change, also while a song is being sent
 * @param choose the words on the button
 */
export function songs({ key, multiple = true, onchange = () => {}, sample = null, choose = null, label = null }) {
  const intake = new Intake(key, () => changed(), { single: !multiple });
  const rows = new Map();
  const list = h("ul", { class: "ms-songs-list", "aria-label": label ?? t("songs.list") });
  const total = h("p", { class: "ms-facts", role: "status" });
  const input = fileInput(multiple, false);
  const folder = fileInput(true, true);
  const take = ({ files, others }) => {
    intake.addFiles(multiple ? files : files.slice(0, 1));
    if (others) toast(t("songs.others", { count: others }));
  };
  for (const each of [input, folder]) {
    each.addEventListener("change", () => {
      take(chosen(each));
      each.value = "";
    });
  }
  const link = linkField((url) => intake.addLink(url));
  const recorder = recordField((file) => intake.addFiles([{ file, path: file.name }]));
  const words = choose ?? t(multiple ? "songs.choose" : "songs.choose.one");
  const choosing = button({ label: words, symbol: "file", run: () => input.click(), class: "ms-button ms-primary ms-choose" });
  const zone = h(
    "div",
    { class: "ms-zone" },
    input,
    folder,
    icon("upload"),
    h(
      "div",
      { class: "ms-zone-main" },
      choosing,
      sample ? button({ label: t("songs.sample"), symbol: "play", run: sample, id: key === "separate" ? "sample" : null, class: "ms-button ms-sample" }) : null,
    ),
    h("p", { class: "ms-hint ms-desktop" }, t(multiple ? "songs.drop" : "songs.drop.one")),
    h("p", { class: "ms-hint" }, t("songs.kinds")),
    h(
      "div",
      { class: "ms-zone-more" },
      multiple && "webkitdirectory" in folder ? button({ label: t("songs.folder"), symbol: "folder", kind: "quiet", run: () => folder.click(), class: "ms-button ms-quiet ms-desktop" }) : null,
      link.opener,
      recorder.opener,
    ),
    link.panel,
    recorder.panel,
  );
  const clear = button({ label: t("songs.clear"), kind: "quiet", run: () => intake.clear() });
  const foot = h("div", { class: "ms-songs-foot" }, total, clear);
  const element = h("div", { class: "ms-songs" }, zone, list, foot);

  function changed() {
    showRows(list, rows, intake.items, { make: (song) => new SongRow(song, intake), instead: () => choosing });
    list.hidden = !intake.items.length;
    keepFocus(foot, () => (foot.hidden = intake.items.length < 2), () => choosing);
    zone.classList.toggle("ms-small", intake.items.length > 0);
    setText(total, totalText(api));
    onchange(api);
  }

  const api = {
    element,
    /** All songs, see Intake. */
    get items() {
      return intake.items;
    },
    /** Those that can be worked on, as REST calls them. */
    get references() {
      return intake.items.filter((song) => song.state === "ready").map((song) => song.reference);
    },
    /** How many are still on their way. */
    get pending() {
      return intake.items.filter((song) => !["ready", "failed"].includes(song.state)).length;
    },
    /** There is at least one song and none is on its way. */
    get ready() {
      return api.pending === 0 && api.references.length > 0;
    },
    /** Seconds of all that are ready, as far as that is known. */
    get duration() {
      return intake.items.reduce((sum, song) => sum + (song.state === "ready" ? (song.duration ?? 0) : 0), 0);
    },
    clear: () => intake.clear(),
    remove: (song) => intake.remove(song),
    /** What was tried with a song was refused: it stays in the list with the reason, and can be tried again. */
    refuse: (song, error) => intake.refuse(song, error),
    /** A sound that is on the server: { job, file }, { job } or { sample: "song" }; `facts` (name, duration) are asked for if not given. */
    add: (reference, facts = null) => intake.addReference(reference, facts),
    open: () => input.click(),
    takeDrop: async (data) => {
      const url = addressIn(data.getData("text/plain"));
      if (data.files.length) take(await dropped(data));
      else if (url) await intake.addLink(url);
    },
    zone,
  };
  places.add(api);
  queueMicrotask(changed); // the caller has what this returns by then
  return api;
}

function totalText({ items, pending, duration }) {
  const said = [t("songs.count", { count: items.length }), duration ? clock(duration) : "", pending ? t("songs.pending", { count: pending }) : ""];
  return said.filter(Boolean).join(" · ");
}

function fileInput(multiple, folder) {
  const props = folder ? { webkitdirectory: true } : { accept: "audio/*,video/*,.flac,.wav,.ogg,.opus,.m4a,.aif,.aiff,.wv,.ape,.mka,.mkv" };
  return h("input", { type: "file", hidden: true, tabindex: "-1", "aria-hidden": "true", multiple: multiple || null, ...props });
}

// What is dropped or pasted anywhere on the page.
const shown = () => [...places].find((place) => place.element.offsetParent !== null && place.element.isConnected);
const placeOf = (event) => [...places].find((place) => place.element.contains(event.target)) ?? shown();
const mark = (place) => {
  for (const each of places) each.zone.classList.toggle("ms-dragged", each === place);
  document.documentElement.classList.toggle("ms-dragging", Boolean(place));
};

document.addEventListener("dragover", (event) => {
  const place = bringsFiles(event) ? placeOf(event) : null;
  mark(place);
  if (place) event.preventDefault();
});
document.addEventListener("dragleave", (event) => event.relatedTarget === null && mark(null));
document.addEventListener("drop", (event) => {
  mark(null);
  const place = bringsFiles(event) ? placeOf(event) : null;
  if (!place) return;
  event.preventDefault(); // a browser would leave the page and play the file
  place.takeDrop(event.dataTransfer).catch(fail);
});
document.addEventListener("paste", (event) => {
  const place = shown();
  if (!place || event.target.closest?.("input, textarea, [contenteditable], dialog")) return;
  place.takeDrop(event.clipboardData).catch(fail);
});

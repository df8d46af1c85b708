// Songs on their way to the server and those that are there: sent at once, two at a time, and remembered by this tab of the browser.

import { Away, json, send, sendForm } from "../base.js";
import { poll } from "./poll.js";
import { thisBrowser, thisTab } from "./storage.js";

const AT_ONCE = 2;
const TRIES = 8; // while the server is away
const WATCH_MS = 800;
const SOME = 100; // ids of one question
const KEPT = ["reference", "name", "path", "duration", "sample_rate", "channels", "bytes"];

let number = 0;

/**
 * The songs of one place. Each is { id, name, path, state, fraction, reference, duration, sample_rate, channels, bytes, error }, where state is
 * "waiting" | "sending" | "checking" | "fetching" | "ready" | "failed", and `reference` what REST calls it ({ upload } or { job, file }).
 */
export class Intake {
  /** single: a new song takes the place of the one before. */
  constructor(key, onchange, { single = false } = {}) {
    this.items = [];
    this._single = single;
    this.key = key;
    this._key = `msst-songs-${key}`;
    this._onchange = onchange;
    this._watch = null;
    this._restore();
    window.addEventListener("beforeunload", (event) => this.sending && event.preventDefault());
  }

  get sending() {
    return this.items.some((song) => song.file && ["waiting", "sending"].includes(song.state));
  }

  /** files: [{ file, path }] */
  addFiles(files) {
    for (const { file, path } of files) this._push({ name: file.name, path, file, bytes: file.size, state: "waiting", tries: 0 });
    this._changed();
    this._send();
  }

  /** A song from an address. Throws Refused or Away when the server does not want to fetch it. */
  async addLink(url) {
    const upload = await send("uploads/link", { url });
    this._push({ ...told(upload), reference: { upload: upload.id } });
    this._changed();
  }

  /** A sound that is on the server. `facts`: name, duration ..., asked for where they are not given. */
  async addReference(reference, facts = null) {
    const song = this._push({ name: "…", path: "", ...facts, reference, state: facts ? "ready" : "checking" });
    this._changed();
    if (facts) return;
    try {
      Object.assign(song, await factsOf(reference), { state: "ready" });
    } catch (error) {
      Object.assign(song, { state: "failed", error });
    }
    this._changed();
  }

  remove(song) {
    this.items = this.items.filter((each) => each !== song);
    song.control?.abort();
    // What is ready may be in another tab of this browser too: the server forgets it when nobody has used it for a day.
    if (song.reference?.upload && song.state === "fetching") json(`uploads/${song.reference.upload}`, { method: "DELETE" }).catch(() => {});
    this._changed();
    this._send();
  }

  refuse(song, error) {
    song.error = error;
    this._changed();
  }

  clear() {
    for (const song of [...this.items]) this.remove(song);
  }

  retry(song) {
    Object.assign(song, { state: "waiting", error: null, tries: 0 });
    this._changed();
    this._send();
  }

  _push(song) {
    if (this._single) this.clear();
    const whole = { id: (number += 1), fraction: 0, reference: null, duration: null, sample_rate: null, channels: null, bytes: 0, error: null, ...song };
    this.items.push(whole);
    return whole;
  }

  _send() {
    const busy = this.items.filter((song) => song.control).length;
    for (const song of this.items.filter((each) => each.state === "waiting" && !each.control).slice(0, Math.max(0, AT_ONCE - busy))) this._sendOne(song);
  }

  async _sendOne(song) {
    song.control = new AbortController();
    song.state = "sending";
    const form = new FormData();
    form.append("path", song.path);
    form.append("file", song.file, song.name);
    const progress = (share) => {
      song.fraction = share;
      song.state = share < 1 ? "sending" : "checking";
      this._changed(false);
    };
    try {
      const upload = await sendForm("uploads", form, { progress, signal: song.control.signal });
      Object.assign(song, told(upload), { reference: { upload: upload.id }, file: null });
    } catch (error) {
      if (error.name === "AbortError") return;
      await this._unsent(song, error);
    } finally {
      song.control = null;
    }
    this._changed();
    this._send();
  }

  async _unsent(song, error) {
    const there = await song.file.slice(0, 1).arrayBuffer().then(() => true, () => false);
    if (!there) return Object.assign(song, { state: "failed", error: { code: "song_file_gone" }, file: null });
    song.tries += 1;
    const again = error instanceof Away && song.tries < TRIES;
    Object.assign(song, { state: again ? "waiting" : "failed", error: again ? null : error, fraction: 0 });
    if (again) {
      this._changed();
      await new Promise((resolve) => setTimeout(resolve, 1000 * song.tries));
    }
    return undefined;
  }

  // Songs that the server is fetching, and those of before a reload, until it has said what they are.
  _follow() {
    const open = () => this.items.filter((song) => song.reference?.upload && ["fetching", "checking"].includes(song.state));
    if (!open().length || this._watch) return;
    this._watch = poll(async () => {
      const asked = open().slice(0, SOME);
      const { uploads } = await json(`uploads?${new URLSearchParams(asked.map((song) => ["id", song.reference.upload]))}`);
      const byId = new Map(uploads.map((upload) => [upload.id, upload]));
      for (const song of asked) {
        const upload = byId.get(song.reference.upload);
        if (upload) Object.assign(song, told(upload));
        else this.items = this.items.filter((each) => each !== song); // forgotten after a day
      }
      this._changed();
      if (!open().length) {
        this._watch?.stop();
        this._watch = null;
      }
      return WATCH_MS;
    });
  }

  _changed(keep = true) {
    if (keep) this._keep();
    this._follow();
    this._onchange();
  }

  // The tab's own list; a new tab begins with the last one of this browser.
  _keep() {
    const kept = this.items.filter((song) => song.reference && song.state !== "failed").map((song) => Object.fromEntries(KEPT.map((name) => [name, song[name]])));
    thisTab.set(this._key, kept);
    thisBrowser.set(this._key, kept);
  }

  _restore() {
    const kept = [thisTab.get(this._key) ?? thisBrowser.get(this._key) ?? []].flat().filter((song) => song?.reference);
    for (const song of kept.slice(this._single ? -1 : 0)) this._push({ ...song, state: song.reference.upload ? "checking" : "ready" });
    this._follow();
  }
}

function told({ name, path, state, received, total, duration, sample_rate, channels, bytes, error }) {
  return { name, path, state, fraction: total ? received / total : 0, duration, sample_rate, channels, bytes: bytes || received, error };
}

/** What is known of a result, or of the song of a job. */
async function factsOf({ job: id, file }) {
  const job = await json(`jobs/${encodeURIComponent(id)}`);
  const result = job.results.find((each) => each.file === file);
  if (!file) return { name: job.file, duration: job.duration };
  if (!result) throw Object.assign(new Error(file), { code: "unknown_file", params: { file } });
  const { sample_rate, channels, bytes, frames } = result;
  return { name: file, path: job.title, duration: frames / sample_rate, sample_rate, channels, bytes };
}

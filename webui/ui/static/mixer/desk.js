// The mixer of one finished job: a transport over its stems and its original song.

import { json } from "../base.js";
import { h } from "../dom.js";
import { fail } from "../kit/toast.js";
import { route } from "../route.js";
import { t } from "../text.js";
import { Bar } from "./bar.js";
import { Bus } from "./bus.js";
import { Chunks } from "./chunks.js";
import { shortcuts, showShortcuts } from "./keys.js";
import { recall, remember } from "./memory.js";
import { listHead } from "./list_head.js";
import { Original } from "./original.js";
import { Overview } from "./overview.js";
import { canStretch } from "./stretch.js";
import { LOWEST_DB, Strip } from "./strip.js";
import { Transport } from "./transport.js";

export class Desk {
  /**
   * @param job a completed job with results
   * @param on { gone(): its files are not on the server any more; menu(strip) => items of a stem's menu; state(): it plays or stands }
   */
  constructor(job, on) {
    this.job = job;
    this._on = on;
    this._path = `jobs/${encodeURIComponent(job.id)}`;
    this._rate = job.results[0].sample_rate;
    this._saved = recall(job.id);
    this._loads = new AbortController();
    this._makeSound();
    this._makeView();
    this._restore();
    this._endKeys = shortcuts(this._actions(), () => route.tab === "result");
    this._load();
  }

  get state() {
    return this.transport.state;
  }

  /** The mix as it is heard: [{ file, gain_db or null where it is silent, pan }]. */
  get mix() {
    return this.strips.map(({ file, sound, fader }) => ({ file, gain_db: sound.gain ? 20 * Math.log10(sound.gain) : null, pan: fader.pan }));
  }

  /** { start, end } in seconds, or null. */
  get loop() {
    return this._saved.loop;
  }

  get practice() {
    return { speed: this._saved.speed, key: this._saved.key };
  }

  /** The figures of jobs/{id}/quality, asked for once. */
  quality() {
    this._quality ??= json(`${this._path}/quality`, { signal: this._loads.signal }).catch((error) => {
      this._quality = null;
      throw error;
    });
    return this._quality;
  }

  toggle() {
    this._bar.say("");
    if (this.transport.running) this.transport.pause();
    else this.transport.play();
  }

  silence() {
    this.transport.pause();
  }

  reset() {
    this.strips.forEach((strip) => strip.reset());
    this._volume(0);
  }

  close() {
    cancelAnimationFrame(this._frame);
    this._endKeys();
    this._loads.abort();
    this.transport.close();
    this._overview.close();
    this.strips.forEach((strip) => strip.close());
  }

  _makeSound() {
    const { results } = this.job;
    const paths = results.map((result) => `${this._path}/stems/${encodeURIComponent(result.file)}`);
    const channels = results.map(({ channels: count, frames }, index) => ({ path: paths[index], channels: count, frames }));
    channels.push({ path: `${this._path}/song`, channels: 2, frames: Math.max(...results.map((result) => result.frames)), asleep: true });
    this._chunks = new Chunks(channels, this._rate);
    this._seconds = this._chunks.frames / this._rate;
    this.bus = new Bus(this._rate, [...results.map(() => "stems"), "original"]);
    this.transport = new Transport(this._chunks, this.bus, { onchange: () => this._show(), onerror: (error) => this._error(error) });
    this._original = new Original({
      path: this._path,
      index: results.length, // the channel after the stems
      chunks: this._chunks,
      transport: this.transport,
      bus: this.bus,
      quality: () => this.quality(),
      say: (text) => this._bar.say(text),
      signal: this._loads.signal,
    });
    this.strips = results.map((result, index) => {
      const strip = new Strip({
        result,
        path: paths[index],
        place: index + 1,
        fader: this._saved.faders[result.file],
        on: { change: () => this._mix(), seek: (fraction) => this._seek(fraction), menu: () => this._on.menu(strip) },
      });
      return strip;
    });
  }

  _makeView() {
    const actions = this._actions();
    this._overview = new Overview(
      this.strips.map((strip) => strip.sound),
      this._seconds,
      { ...actions, seek: (fraction) => this._seek(fraction), loop: (start, end) => this._setLoop({ start: start * this._seconds, end: end * this._seconds }, true) },
    );
    this._bar = new Bar(this._seconds, {
      ...actions,
      seek: (seconds) => this.transport.seek(seconds * this._rate),
      steer: (event) => this._overview.steer(event),
      clear: () => this._setLoop(null, false),
      speed: (speed) => this._practise({ speed }),
      key: (key) => this._practise({ key }),
      volume: (db) => this._volume(db),
    });
    this._list = h("ol", { class: "ms-strips" }, ...this.strips.map((strip) => strip.element));
    this.element = h(
      "div",
      { class: "ms-desk" },
      this._bar.element,
      this._overview.frame,
      listHead({ picture: this._saved.picture, onpicture: (picture) => this._showPicture(picture), reset: () => this.reset() }),
      this._list,
    );
    // A click must not take the focus: Space would then press that button again instead of Play.
    this.element.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
  }

  _restore() {
    const { volume, speed, key, loop, looping, picture } = this._saved;
    this._volume(volume);
    if (canStretch()) this._practise({ speed, key });
    else this._practise({ speed: 1, key: 0 });
    this._setLoop(loop, looping);
    this._showPicture(picture);
    this._mix();
    this._show();
  }

  _actions() {
    const at = () => this.transport.position / this._rate;
    return {
      play: () => this.toggle(),
      move: (seconds) => this.transport.seek(this.transport.position + seconds * this._rate),
      home: () => this.transport.seek(this._saved.looping ? this._saved.loop.start * this._rate : 0),
      mute: (index) => this.strips[index]?.toggle("mute"),
      solo: (index) => this.strips[index]?.toggle("solo"),
      original: () => this._hear(!this._original.on),
      loop: () => this._toggleLoop(),
      start: () => this._setLoop({ start: at(), end: this.loop && this.loop.end > at() ? this.loop.end : this._seconds }, this._saved.looping),
      end: () => this._setLoop({ start: this.loop && this.loop.start < at() ? this.loop.start : 0, end: at() }, true),
      help: showShortcuts,
    };
  }

  _seek(fraction) {
    this.transport.seek(fraction * this._chunks.frames);
  }

  /** Set the loop's range, in seconds, and whether it goes round. */
  _setLoop(loop, looping) {
    const range = loop && { start: loop.start * this._rate, end: loop.end * this._rate };
    const set = this.transport.setLoop(looping ? range : null);
    const kept = looping ? set && { start: set.start / this._rate, end: set.end / this._rate } : loop;
    this._save({ loop: kept, looping: Boolean(looping && kept) });
    this._bar.showLoop(kept, this._saved.looping);
    this._overview.setLoop(kept && { start: kept.start / this._seconds, end: kept.end / this._seconds }, this._saved.looping);
    this._show();
  }

  // Without a range the loop is the next few seconds: something to hear at once and to drag into place.
  _toggleLoop() {
    const at = this.transport.position / this._rate;
    const start = Math.max(0, Math.min(at, this._seconds - 4));
    this._setLoop(this.loop ?? { start, end: Math.min(this._seconds, start + 4) }, !this._saved.looping);
  }

  _practise(changes) {
    this._save(changes);
    const { speed, key } = this._saved;
    this._bar.showPractice(speed, key);
    if (Math.fround(speed) !== this.transport.speed) this.transport.setSpeed(speed);
    this.bus.setStretch(speed, key).catch(() => {
      if (this._loads.signal.aborted) return;
      this._bar.say(t("result.practice.insecure")); // the browser has it and cannot load it
      this._practise({ speed: 1, key: 0 });
    });
  }

  _volume(db) {
    this._save({ volume: db });
    this.bus.setVolume(db <= LOWEST_DB ? 0 : 10 ** (db / 20));
    this._bar.showVolume(db);
  }

  _showPicture(picture) {
    this._save({ picture });
    this._list.dataset.picture = picture;
    for (const strip of this.strips) strip.picture.show(picture);
  }

  _mix() {
    const soloed = this.strips.some((strip) => strip.fader.solo);
    this.strips.forEach((strip, index) => {
      this.bus.setGain(index, strip.gain(soloed));
      this.bus.setPan(index, strip.fader.pan);
    });
    this._overview.wave.draw();
    this._original.level(new Map(this.strips.map(({ file, sound }) => [file, sound.gain])));
    this._save({ faders: Object.fromEntries(this.strips.filter((strip) => !strip.neutral).map((strip) => [strip.file, strip.fader])) });
  }

  async _hear(original) {
    this._showOriginal(original);
    this._showOriginal(await this._original.set(original));
  }

  _showOriginal(on) {
    this._bar.showOriginal(on);
    this.element.classList.toggle("ms-hears-original", on);
  }

  /** Outlines, and the first chunk so that Play answers at once. */
  _load() {
    const { signal } = this._loads;
    const failed = (error) => signal.aborted || error.name === "AbortError" || this._error(error);
    for (const strip of this.strips) strip.picture.load(signal).then(() => this._overview.wave.draw(), failed);
    this._chunks.load(Math.floor(this.transport.position / this._chunks.size)).catch(failed);
  }

  _error(error) {
    if (error.status === 404 || error.status === 410) this._on.gone();
    else if (error.status) fail(error);
    else this._bar.say(t("mixer.silentbrowser")); // a server that is away is waited for
  }

  _show() {
    if (!this._bar) return;
    const { state } = this.transport;
    if (state !== this._shown) {
      this._shown = state;
      this._bar.showPlaying(state !== "stopped");
      this.element.dataset.state = state;
      if (state === "loading") this._loadingSoon();
      else if (this._bar.said === t("mixer.loading")) this._bar.say("");
      this._on.state();
    }
    this._showPosition();
    cancelAnimationFrame(this._frame);
    if (state === "playing") this._frame = requestAnimationFrame(() => this._show());
  }

  // What is there after a blink needs no word.
  _loadingSoon() {
    setTimeout(() => this.state === "loading" && this._bar.say(t("mixer.loading")), 250);
  }

  _showPosition() {
    if (route.tab !== "result") return;
    const seconds = this.transport.position / this._rate;
    const width = this._overview.frame.clientWidth || 1000; // asked before anything is written, or the browser would lay out at once
    this._bar.at(seconds);
    this._overview.at(seconds);
    if (!this._seconds) return;
    // Drawn when the line moves by a pixel, not with every frame: what a browser draws it forgets late, and memory would grow.
    const at = Math.round((seconds / this._seconds) * width) / width;
    if (at !== this._at) this.element.style.setProperty("--at", `${(100 * at).toFixed(3)}%`);
    this._at = at;
  }

  _save(changes) {
    Object.assign(this._saved, changes);
    remember(this.job.id, this._saved);
  }
}

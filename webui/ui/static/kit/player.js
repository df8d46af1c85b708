// One sound to listen to: play, where it is, and how long it is. Only one on the page plays at a time.

import { address } from "../base.js";
import { h, icon, setText } from "../dom.js";
import { SHAPES } from "../icons.js";
import { route } from "../route.js";
import { clock, t } from "../text.js";

let playing = null;

// What nobody looks at any more falls silent.
let where = "";
route.subscribe(() => {
  const now = `${route.tab}/${route.get("tool") ?? ""}`;
  if (now !== where) playing?.pause();
  where = now;
});

/** Where the sound of a reference can be heard, whatever it is stored as: below api/v1. */
export const listenPath = (reference) => `api/v1/tools/listen?${new URLSearchParams(reference)}`;

/**
 * @param name what is played, for those who do not see it
 * @param sources addresses, each tried where the one before cannot be played
 * @param duration seconds, as far as known
 * Returns { element, audio, play(from, to), pause(), toggle(), close() }; `onmove(seconds)` is called while it plays.
 */
export function player({ name, sources, duration = 0, onmove = () => {} }) {
  const audio = new Audio();
  audio.preload = "none";
  let turn = 0;
  let until = null; // play no further than this
  let frame = 0;
  const path = icon("play");
  const button = h("button", { type: "button", class: "ms-button ms-player-play", onclick: () => toggle() }, path);
  const slider = h("input", { type: "range", min: 0, max: Math.max(0.1, duration), step: 0.1, value: 0, class: "ms-slider", "aria-label": t("work.position", { name }) });
  const time = h("span", { class: "ms-player-time" });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const element = h("div", { class: "ms-player", role: "group", "aria-label": name }, button, slider, time, problem);
  const length = () => (Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : duration);

  function show() {
    const going = !audio.paused;
    path.querySelector("path").setAttribute("d", SHAPES[going ? "pause" : "play"]);
    button.setAttribute("aria-label", t(going ? "work.pause" : "work.play", { name }));
    slider.max = Math.max(0.1, length());
    slider.value = audio.currentTime;
    slider.setAttribute("aria-valuetext", `${clock(audio.currentTime)} / ${clock(length())}`);
    setText(time, `${clock(audio.currentTime)} / ${clock(length())}`);
    onmove(audio.currentTime);
  }
  function tick() {
    if (until !== null && audio.currentTime >= until) {
      audio.pause();
      audio.currentTime = until;
      until = null;
    }
    show();
    if (!audio.paused) frame = requestAnimationFrame(tick);
  }
  async function play(from = null, to = null) {
    playing?.pause();
    playing = api;
    until = to;
    if (!audio.src) audio.src = address(sources[turn]);
    setText(problem, "");
    try {
      if (from !== null) await seek(from);
      await audio.play();
    } catch (error) {
      if (error.name === "NotAllowedError") setText(problem, t("work.unplayable"));
    }
  }
  // A place in a sound that is not loaded yet is found once it is.
  function seek(seconds) {
    if (audio.readyState >= 1) {
      audio.currentTime = seconds;
      return undefined;
    }
    return new Promise((resolve) => {
      audio.addEventListener(
        "loadedmetadata",
        () => {
          audio.currentTime = seconds;
          resolve();
        },
        { once: true },
      );
      audio.load();
    });
  }
  const toggle = () => (audio.paused ? play() : audio.pause());
  audio.addEventListener("play", () => (cancelAnimationFrame(frame), tick()));
  for (const kind of ["pause", "ended", "seeked", "loadedmetadata", "durationchange"]) audio.addEventListener(kind, show);
  audio.addEventListener("error", () => {
    if (!audio.getAttribute("src")) return;
    turn += 1;
    if (turn < sources.length) {
      audio.src = address(sources[turn]);
      audio.play().catch(() => {});
    } else {
      turn = 0;
      audio.removeAttribute("src");
      setText(problem, t("work.unplayable"));
      show();
    }
  });
  slider.addEventListener("input", () => {
    until = null;
    if (!audio.src) audio.src = address(sources[turn]);
    seek(Number(slider.value));
  });
  const api = {
    element,
    audio,
    play,
    toggle,
    pause: () => audio.pause(),
    close() {
      audio.pause();
      cancelAnimationFrame(frame);
      audio.removeAttribute("src");
      if (playing === api) playing = null;
    },
  };
  show();
  return api;
}

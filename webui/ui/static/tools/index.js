// All tools in their order: what each is called by the address, its picture, and what opens it.

import { convert } from "./convert.js";
import { cut } from "./cut.js";
import { fileInfo } from "./file_info.js";
import { join } from "./join.js";
import { keyTempo } from "./key_tempo.js";
import { loudness } from "./loudness.js";
import { mix } from "./mix.js";
import { score } from "./score.js";
import { spectrogram } from "./spectrogram.js";
import { speedKey } from "./speed_key.js";

export const GROUPS = [
  {
    name: "change",
    tools: [
      { id: "convert", symbol: "again", open: convert },
      { id: "cut", symbol: "scissors", open: cut },
      { id: "join", symbol: "link", open: join },
      { id: "speed-key", symbol: "metronome", open: speedKey },
      { id: "loudness", symbol: "volume", open: loudness },
      { id: "mix", symbol: "sliders", open: mix },
    ],
  },
  {
    name: "look",
    tools: [
      { id: "key-tempo", symbol: "key", open: keyTempo },
      { id: "spectrogram", symbol: "running", open: spectrogram },
      { id: "score", symbol: "compare", open: score },
      { id: "info", symbol: "info", open: fileInfo },
    ],
  },
];

export const find = (id) => GROUPS.flatMap(({ tools }) => tools).find((tool) => tool.id === id) ?? null;

/** The key of a tool's texts. */
export const key = (id) => `tool.${id.replaceAll("-", "_")}`;

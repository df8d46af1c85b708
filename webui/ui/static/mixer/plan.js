// Which samples come next: the order in which the song is played, chunk by chunk, and round and round a loop.
//
//   without a loop   | chunk 0 | chunk 1 | chunk 2 | ...
//   loop A .. B      ... chunk | up to B - seam | seam | from A ... | up to B - seam | seam | from A ...
//
// The seam is a few milliseconds in which the sound before B fades into the sound before A. So there is no click at B, a round is
// exactly B - A samples long, and nothing can drift however often it goes round. All positions are whole frames of the song.

export class Plan {
  /** frames: length of the song; size: frames of a chunk; seam: frames of the fade at a loop's end. */
  constructor(frames, size, seam) {
    this.frames = frames;
    this.size = size;
    this.seam = seam;
    this.last = Math.max(0, Math.ceil(frames / size) - 1);
    this.loop = null; // { start, end }, whole frames
  }

  /** The chunk of a frame. */
  at(frame) {
    return Math.min(this.last, Math.floor(frame / this.size));
  }

  /** What is played from frame `at`: { from, to, then, chunk } or, within a seam, { from, to, then, seam: true }; null at the end. */
  next(at) {
    const { loop } = this;
    if (loop && at < loop.end) {
      const seam = loop.end - this.seam;
      if (at >= seam) return { from: at, to: loop.end, then: loop.start, seam: true };
      return this._piece(at, seam);
    }
    return at < this.frames ? this._piece(at, this.frames) : null;
  }

  /** Numbers of the chunks that a piece is made of. */
  chunks(piece) {
    if (!piece.seam) return [piece.chunk];
    const { start, end } = this.loop;
    const frames = [end - this.seam, end - 1, Math.max(0, start - this.seam), start];
    return [...new Set(frames.map((frame) => this.at(frame)))];
  }

  /** The next `count` different chunks from frame `at` on, as a Set in the order of their need. */
  upcoming(at, count) {
    const found = new Set();
    let turns = 0;
    for (let piece = this.next(at); piece && found.size < count; piece = this.next(piece.then)) {
      for (const chunk of this.chunks(piece)) found.add(chunk);
      if (piece.seam && (turns += 1) > 1) break;
    }
    return found;
  }

  _piece(at, limit) {
    const chunk = this.at(at);
    const to = Math.min(limit, (chunk + 1) * this.size);
    return { from: at, to, then: to, chunk };
  }
}

/** A loop within the song, in whole frames, not shorter than `least`; null if there is none. */
export function loopOf(start, end, frames, least) {
  const [first, second] = [start, end].map((frame) => Math.min(frames, Math.max(0, Math.round(frame)))).sort((a, b) => a - b);
  return second - first >= least ? { start: first, end: second } : null;
}

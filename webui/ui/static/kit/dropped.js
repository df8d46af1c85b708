// What a drop, a paste or a choice brings: files, and whole folders with the way to each file in them.

const SOUND = new Set(
  "wav wave w64 rf64 flac mp3 mp2 m4a m4b mp4 m4v aac ogg oga opus webm wma aif aiff aifc caf au ape wv tta mka mkv mov avi ac3 amr 3gp".split(" "),
);

/** Whether a file may hold sound, by its type or its name. Only used for what came with a folder: what somebody chose is tried. */
function mayBeSound({ name, type }) {
  return /^(audio|video)\//.test(type) || SOUND.has(name.split(".").pop().toLowerCase());
}

/**
 * Files of a drop or a paste, as [{ file, path }], `path` the way within a dropped folder; and how many files of folders are no sound.
 * Must be called within the event: the browser empties the list of what was dropped after it.
 */
export async function dropped(data) {
  const entries = [...data.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const found = [];
  for (const entry of entries) {
    if (entry instanceof File) found.push({ file: entry, path: entry.name, chosen: true });
    else if (entry) await walk(entry, "", found);
  }
  return sounds(found);
}

/** The same for an <input type=file>. */
export function chosen(input) {
  const found = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name, chosen: !file.webkitRelativePath }));
  return sounds(found);
}

function sounds(found) {
  const files = found.filter(({ file, chosen }) => chosen || (!file.name.startsWith(".") && mayBeSound(file)));
  files.sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }));
  return { files, others: found.length - files.length };
}

async function walk(entry, above, found) {
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ file, path, chosen: !above });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([]))); // gives at most a hundred at a time
    if (!some.length) return;
    for (const each of some) await walk(each, `${path}/`, found);
  }
}

/** Whether something that is dragged over the page is files (and not a piece of text). */
export const bringsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** An address in a pasted or dropped text, or null. */
export function addressIn(text) {
  const word = text.trim();
  return /^https?:\/\/\S+$/i.test(word) ? word : null;
}

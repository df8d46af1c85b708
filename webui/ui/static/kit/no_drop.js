// A file that is dropped where nothing takes it would have the browser leave the page and show it. What takes files (kit/songs.js) has said
// so by then, and a field for files takes them by itself.

import { bringsFiles } from "./dropped.js";

for (const kind of ["dragover", "drop"]) {
  window.addEventListener(kind, (event) => {
    if (event.defaultPrevented || !bringsFiles(event) || event.target.closest?.("input[type=file]")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}

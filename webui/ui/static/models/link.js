// Using the models that another program (UVR, MSST) has already, where they are.

import { send } from "../base.js";
import { h, icon } from "../dom.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { field, input } from "../kit/form.js";
import { reason } from "../kit/toast.js";
import { t } from "../text.js";
import { libraryChanged } from "./state.js";

const FOUND = ["linked", "already", "no_config", "wrong", "unknown"];

/** Whether the page is open on the server's own computer, as far as its address tells. */
export const isLocal = () => ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

export function linkFolder() {
  const folder = field({ label: t("models.link.folder"), hint: t("models.link.folder.hint"), control: input({ placeholder: "/home/me/MSST/pretrain" }) });
  folder.control.setAttribute("translate", "no");
  const outcome = h("div", { class: "ms-stack", role: "status" });
  const look = button({ label: t("models.link.look"), symbol: "folder", kind: "primary", run: submit });
  dialog({ title: t("models.link.heading"), wide: true, body: [h("p", {}, t("models.link.about")), folder.element, outcome], actions: [look] });
  folder.control.addEventListener("keydown", (event) => event.key === "Enter" && look.click());

  async function submit() {
    const place = folder.value.trim();
    folder.setProblem(place ? "" : t("kit.required"));
    if (!place) return folder.control.focus();
    outcome.replaceChildren(h("p", { class: "ms-hint" }, t("models.link.busy")));
    try {
      const report = await send("models/link", { folder: place });
      outcome.replaceChildren(...found(report));
      if (report.linked.length || report.no_config.length) libraryChanged();
    } catch (error) {
      outcome.replaceChildren(h("div", { class: "ms-note ms-bad", role: "alert" }, icon("failed"), h("p", {}, reason(error))));
    }
    return undefined;
  }
}

// What is wrong about a file stands behind its name in the server's words; which heading it stands under says enough.
const nameOf = (line) => line.split(": ")[0];

function found(report) {
  const parts = FOUND.filter((kind) => report[kind].length).map((kind) =>
    h(
      "section",
      {},
      h("h3", {}, t(`models.link.${kind}`, { count: report[kind].length })),
      h("ul", { class: "ms-problem-lines", translate: "no" }, ...report[kind].map((line) => h("li", {}, kind === "wrong" ? nameOf(line) : line))),
    ),
  );
  return parts.length ? parts : [h("p", {}, t("models.link.nothing"))];
}

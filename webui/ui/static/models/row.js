// One model in a list: what it is for, what it costs, and the one thing to do next; all about it below, when it is asked for.

import { h, icon, setText } from "../dom.js";
import { installButton } from "../kit/install_button.js";
import { follow, route } from "../route.js";
import { t } from "../text.js";
import { details } from "./details.js";
import { isFavourite, libraryChanged, setFavourite } from "./state.js";
import { facts, whatFor } from "../kit/model_words.js";

const rows = new Set(); // all that are on the page, so that one alone is unfolded
let number = 0;

/** The row of a model that is on the page: the one that is unfolded, else the newest. */
export function rowOf(name) {
  const found = [...rows].filter((row) => row.name === name && row.element.isConnected);
  return found.find((row) => row.isOpen) ?? found.at(-1);
}

/** Fold all rows but this one. */
export function foldOthers(kept = null) {
  for (const row of rows) if (row !== kept) row.fold();
}

/**
 * @param model as GET /models gives it
 * @param badge a word before its title, such as "Best"
 * @param stem whose score is shown
 * Returns { name, element, isOpen, update(model), open(), fold(), close() }.
 */
export function modelRow(model, { badge = "", stem = () => "", heading = "h3" } = {}) {
  number += 1;
  const id = `ms-model-${number}`;
  const title = h(heading, { translate: "no", id }, model.title);
  const tags = h("span", { class: "ms-row ms-model-tags" });
  const purpose = h("p", {});
  const line = h("p", { class: "ms-facts" });
  const action = h("div", { class: "ms-model-action" });
  const panel = h("div", { class: "ms-model-details", id: `${id}-details`, hidden: true });
  const star = h(
    "button",
    { type: "button", class: "ms-button ms-quiet ms-star", onclick: favourite, "aria-labelledby": `${id}-star ${id}` },
    h("span", { id: `${id}-star`, class: "ms-unseen" }, t("models.favourite")),
    icon("star"),
  );
  const more = h(
    "button",
    { type: "button", class: "ms-button ms-quiet ms-unfold", onclick: toggle, "aria-controls": panel.id, "aria-labelledby": `${id}-more ${id}` },
    h("span", { id: `${id}-more` }, t("models.details")),
    icon("down"),
  );
  const element = h(
    "li",
    { class: "ms-model", "data-model": model.name },
    h(
      "div",
      { class: "ms-model-head" },
      star,
      h("div", { class: "ms-model-text" }, h("div", { class: "ms-row ms-model-title" }, badge ? h("span", { class: "ms-tag ms-good" }, badge) : null, title, tags), purpose, line),
      action,
      more,
    ),
    panel,
  );
  let shown = model;
  let install = null;
  let opened = null;

  function favourite() {
    setFavourite(model.name, !isFavourite(model.name));
    drawStar();
  }
  function drawStar() {
    star.setAttribute("aria-pressed", String(isFavourite(model.name)));
  }
  function drawAction() {
    install?.close();
    install = null;
    if (!shown.supported) return action.replaceChildren();
    if (shown.installed) return action.replaceChildren(useLink(shown, id));
    install = installButton(shown, { oninstalled: libraryChanged });
    return action.replaceChildren(install.element);
  }
  function draw() {
    const about = whatFor(shown);
    setText(purpose, about.text);
    purpose.toggleAttribute("translate", false);
    if (about.own) purpose.setAttribute("translate", "no");
    setText(line, facts(shown, stem()));
    tags.replaceChildren(
      ...[
        shown.own ? h("span", { class: "ms-tag" }, t("models.tag.own")) : null,
        shown.installed ? h("span", { class: "ms-tag ms-good" }, icon("completed"), t("models.tag.installed")) : null,
        shown.supported ? null : h("span", { class: "ms-tag ms-warn" }, icon("warning"), t("models.tag.cannot_run")),
      ].filter(Boolean),
    );
    drawStar();
  }
  function toggle() {
    if (panel.hidden) {
      row.open();
      route.set({ model: model.name });
    } else {
      row.fold();
      route.set({ model: null });
    }
  }
  const row = {
    name: model.name,
    element,
    get isOpen() {
      return !panel.hidden;
    },
    update(next) {
      const same = next.installed === shown.installed && next.supported === shown.supported && next.bytes === shown.bytes;
      const before = shown;
      shown = next;
      draw();
      if (!same) {
        drawAction();
        if (opened && before.installed !== next.installed) opened.refresh();
      }
    },
    open() {
      if (!panel.hidden) return;
      foldOthers(row);
      opened = details(shown);
      panel.replaceChildren(opened.element);
      panel.hidden = false;
      more.setAttribute("aria-expanded", "true");
      element.classList.add("ms-open");
    },
    fold() {
      if (panel.hidden) return;
      panel.hidden = true;
      panel.replaceChildren();
      opened = null;
      more.setAttribute("aria-expanded", "false");
      element.classList.remove("ms-open");
    },
    close() {
      install?.close();
      rows.delete(row);
    },
  };
  more.setAttribute("aria-expanded", "false");
  rows.add(row);
  draw();
  drawAction();
  return row;
}

function useLink(model, title) {
  const to = { tab: "separate", model: model.name };
  return h("a", { class: "ms-button ms-primary", href: route.link(to), onclick: follow(to), id: `${title}-use`, "aria-labelledby": `${title}-use ${title}` }, t("models.use"));
}


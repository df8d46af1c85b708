// What belongs to this browser alone: its language, and light or dark.

import { h } from "../dom.js";
import { savedLanguage, savedTheme, setLanguage, setTheme } from "../frame.js";
import { choices, field, select } from "../kit/form.js";
import { t } from "../text.js";

export function browser() {
  const { languages } = window.MSST;
  const options = [{ value: "", label: t("settings.language.auto") }, ...Object.entries(languages).map(([value, label]) => ({ value, label }))];
  const language = field({
    label: t("page.language"),
    control: select({ options, value: savedLanguage(), id: "own-language", onchange: setLanguage }),
  });
  const theme = choices({
    label: t("settings.theme"),
    options: ["system", "light", "dark"].map((value) => ({ value, label: t(`settings.theme.${value}`) })),
    value: savedTheme(),
    onchange: setTheme,
  });
  new MutationObserver(() => (theme.value = savedTheme())).observe(document.body, { attributeFilter: ["class"] }); // the switch above
  return h(
    "section",
    { class: "ms-card ms-stack", "data-panel": "browser" },
    h("h3", {}, t("settings.browser")),
    h("p", { class: "ms-hint" }, t("settings.browser.about")),
    language.element,
    theme.element,
  );
}

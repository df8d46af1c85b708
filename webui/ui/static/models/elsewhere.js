// Installing a model from another place than the settings say: a mirror by its name, or an address of the file.

import { json } from "../base.js";
import { h } from "../dom.js";
import { installs } from "../installs.js";
import { button } from "../kit/button.js";
import { dialog } from "../kit/dialog.js";
import { field, input, select, toggle } from "../kit/form.js";
import { reason, toast } from "../kit/toast.js";
import { t } from "../text.js";

const NAMES = ["hub", "hf-mirror", "modelscope"];
const KNOWN = NAMES.map((value) => ({ value, label: t(`setting.hub_endpoint.value.${value.replace("-", "_")}`) }));

/** What an endpoint of the settings is called. */
export const endpointName = (name) => KNOWN.find(({ value }) => value === name)?.label ?? name;

/** Where models come from, as the settings say; empty where they cannot be asked. */
export async function configuredEndpoints() {
  try {
    const { settings } = await json("settings");
    const value = (name) => settings.find((each) => each.name === name)?.value;
    return [value("hub_endpoint"), ...[value("hub_mirrors") ?? []].flat()].filter(Boolean).map(String);
  } catch {
    return [];
  }
}

export async function installFrom(model) {
  const more = (await configuredEndpoints()).filter((each) => !KNOWN.some(({ value }) => value === each));
  const options = [{ value: "", label: t("models.elsewhere.settings") }, ...KNOWN, ...more.map((each) => ({ value: each, label: each }))];
  const endpoint = field({ label: t("models.elsewhere.mirror"), control: select({ options, value: "" }) });
  const url = field({
    label: t("models.elsewhere.url"),
    hint: t("models.elsewhere.url.hint"),
    control: input({ type: "url", placeholder: "https://", inputmode: "url" }),
  });
  const anew = toggle({ label: t("models.elsewhere.anew"), hint: t("models.elsewhere.anew.hint") });
  const problem = h("p", { class: "ms-bad-text", role: "alert" });
  const start = button({
    label: t("install.start"),
    symbol: "download",
    kind: "primary",
    run: async () => {
      problem.textContent = "";
      try {
        await installs.start(model.name, { endpoints: endpoint.value ? [endpoint.value] : [], url: url.value.trim(), trust_anew: anew.control.checked });
        toast(t("models.elsewhere.begun", model));
        window.close();
      } catch (error) {
        problem.textContent = reason(error);
      }
    },
  });
  const about = h("p", {}, t("models.elsewhere.about"));
  const window = dialog({ title: t("models.elsewhere.title", model), body: [about, endpoint.element, url.element, anew.element, problem], actions: [start] });
}

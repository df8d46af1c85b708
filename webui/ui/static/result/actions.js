// What can be done with a result besides listening: take it home in any format, go on with it, pass it on, delete it.

import { h } from "../dom.js";
import { jobs, zipOf } from "../jobs.js";
import { button } from "../kit/button.js";
import { copy } from "../kit/copy.js";
import { ask } from "../kit/dialog.js";
import { menuButton } from "../kit/menu.js";
import { toast } from "../kit/toast.js";
import { route } from "../route.js";
import { size, t } from "../text.js";
import { compareBlind } from "./abx.js";
import { FORMATS } from "./formats.js";
import { exportMix } from "./export_mix.js";
import { replaceRegion } from "./replace.js";
import { save, toolJob, worksOf } from "./works.js";

export class Actions {
  /** desk(): the mixer of the job; left(): the job is to be closed. */
  constructor(job, desk, left) {
    this._job = job;
    this._desk = desk;
    this._left = left;
    this._works = worksOf(job.id);
    this.works = this._works.element;
    const download = menuButton({ label: t("mixer.download"), symbol: "download", className: "ms-button ms-primary", items: () => this._downloads() });
    const more = menuButton({ label: t("kit.actions"), bare: true, items: () => this._more() });
    this.head = h("div", { class: "ms-row" }, download, more);
    this.foot = h(
      "div",
      { class: "ms-foot" },
      button({ label: t("result.export"), symbol: "save", run: () => this._export(), class: "ms-button ms-export" }),
      button({ label: t("result.replace"), symbol: "again", run: () => this._replace(), class: "ms-button ms-replace" }),
      button({ label: t("result.abx"), symbol: "compare", run: () => compareBlind(job, this._desk()), class: "ms-button ms-abx" }),
    );
  }

  /** The menu of one stem. */
  stemItems(strip) {
    const { file } = strip;
    const from = { tab: "separate", from: this._job.id, file };
    return [
      { label: t("result.further"), symbol: "branch", to: from },
      { label: t("result.replace"), symbol: "again", action: () => this._replace(file) },
      ...this._formats().map(([container, name]) => ({
        label: t("result.download.as", { format: name }),
        symbol: "download",
        action: () => this._convert([file], container, t("result.converting", { name: strip.name, format: name })),
      })),
    ];
  }

  _downloads() {
    const bytes = this._job.results.reduce((sum, result) => sum + result.bytes, 0);
    return [
      { label: t("result.zip", { size: size(bytes) }), symbol: "download", href: zipOf(this._job) },
      ...this._formats().map(([container, name]) => ({
        label: t("result.zip.as", { format: name }),
        symbol: "download",
        action: () => this._convert(this._job.results.map((result) => result.file), container, t("result.converting", { name: this._job.title, format: name })),
      })),
      { label: t("result.export"), symbol: "save", action: () => this._export() },
    ];
  }

  _more() {
    return [
      { label: t("result.link"), symbol: "link", action: () => this._copyLink() },
      { label: t("result.delete"), symbol: "trash", danger: true, action: () => this._delete() },
    ];
  }

  // What they are in already needs no converting.
  _formats() {
    return FORMATS.filter(([container]) => container !== this._job.format?.container);
  }

  _convert(files, format, label) {
    const inputs = files.map((file) => ({ job: this._job.id, file }));
    const begin = () => toolJob("convert", { inputs, settings: {}, format, title: this._job.title });
    return this._works.add({ begin, label, done: save });
  }

  async _export() {
    const wanted = await exportMix(this._job, this._desk());
    if (wanted) this._works.add({ begin: () => toolJob("mix", wanted), label: wanted.title, done: save });
  }

  async _replace(file = null) {
    const wanted = await replaceRegion(this._job, this._desk(), file);
    if (!wanted) return;
    const done = (job) =>
      toast(t("result.replace.done"), { action: { label: t("result.open"), run: () => route.go({ tab: "result", job: job.id }) } });
    this._works.add({ ...wanted, done });
  }

  async _copyLink() {
    const link = new URL(route.link({ tab: "result", job: this._job.id }), location.href).href;
    await copy(link);
  }

  async _delete() {
    const { title, results } = this._job;
    const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
    const text = t("result.delete.text", { count: results.length, size: size(bytes) });
    if (!(await ask({ title: t("result.delete.title", { title }), text, action: t("kit.delete"), danger: true }))) return;
    this._desk()?.silence();
    await jobs.act(this._job.id, "delete");
    this._left();
  }
}

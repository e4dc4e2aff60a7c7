import { all, make } from "../dom";
import { readJson, Refusal, wordsOf } from "../net";
import { Position } from "./position";
import { prepare } from "./photo";
import { uuidFor } from "./uuid";

interface Receipt {
  uuid: string;
  receipt?: string;
  sha256?: string;
}

interface Item {
  file: File;
  uuid: string;
  row: HTMLElement;
  words: HTMLElement;
  state: "waiting" | "sending" | "got" | "failed";
}

/**
 * `<form data-report method="post" enctype="multipart/form-data">` with `<input type="file" name="file" multiple>`.
 * Each photo travels alone, as the same fields the plain form would post plus `uuid` and `device_at`; the answer is
 * JSON `{uuid, receipt|sha256}`. Without JavaScript the browser posts the form as it stands.
 */
export function startReports(): void {
  for (const form of all<HTMLFormElement>("form[data-report]")) {
    const picker = form.querySelector<HTMLInputElement>('input[type="file"]');
    if (picker && "FormData" in window && "fetch" in window) new Report(form, picker);
  }
}

class Report {
  private readonly items: Item[] = [];
  private readonly list: HTMLElement;
  private readonly position: Position;
  private busy = false;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly picker: HTMLInputElement,
  ) {
    this.list = form.querySelector<HTMLElement>("[data-queue]") ?? form.appendChild(make("ul"));
    this.list.setAttribute("aria-live", "polite");
    this.position = new Position(form);
    picker.addEventListener("change", () => this.take());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.sendAll();
    });
    // What failed for want of a net goes by itself when it is back; the uuid keeps it from arriving twice.
    window.addEventListener("online", () => {
      if (this.items.some((item) => item.state === "failed")) void this.sendAll();
    });
  }

  private take(): void {
    for (const file of Array.from(this.picker.files ?? [])) {
      const words = make("span", { text: "等待上传" });
      const picture = make("img", { attrs: { alt: "", src: URL.createObjectURL(file) } });
      const row = make("li", { cls: "up" }, [picture, make("div", {}, [make("b", { cls: "wrap", text: file.name }), words])]);
      this.list.appendChild(row);
      this.items.push({ file, uuid: uuidFor(this.form.action, file), row, words, state: "waiting" });
    }
    // Emptied, so that the camera can be opened again for the next photo; the queue holds the files.
    this.picker.value = "";
    this.picker.required = false;
  }

  private async sendAll(): Promise<void> {
    const missing = this.items.length === 0 ? "还没有照片：请先拍照或选照片" : this.position.missing();
    this.say(missing);
    if (missing || this.busy) return;
    this.busy = true;
    // One by one: on a weak net two at once both fail.
    for (const item of this.items) {
      if (item.state !== "got") await this.send(item);
    }
    this.busy = false;
    this.finish();
  }

  private async send(item: Item): Promise<void> {
    this.show(item, "sending", "正在上传…");
    try {
      const body = await this.bodyOf(item);
      const response = await fetch(this.form.action, {
        method: "POST",
        body,
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
      });
      const json = (response.headers.get("Content-Type") ?? "").includes("json");
      if (response.ok && !json) throw new Refusal(401, "登录已过期：请在另一页登录，再点上传");
      const receipt = await readJson<Receipt>(response);
      this.show(item, "got", `✓ 已收到 · 回执 ${receipt.receipt ?? (receipt.sha256 ?? receipt.uuid).slice(0, 12)}`);
    } catch (error) {
      this.show(item, "failed", `没有传上：${wordsOf(error)}`);
    }
  }

  private async bodyOf(item: Item): Promise<FormData> {
    const photo = await prepare(item.file);
    const body = new FormData(this.form);
    body.delete(this.picker.name);
    body.append(this.picker.name, photo.file, photo.name);
    body.set("uuid", item.uuid);
    body.set("device_at", new Date(item.file.lastModified).toISOString());
    body.set("shrunk", photo.shrunk ? "1" : "");
    return body;
  }

  private show(item: Item, state: Item["state"], words: string): void {
    item.state = state;
    item.words.textContent = words;
    item.words.className = state === "got" ? "got" : state === "failed" ? "err" : "";
  }

  private finish(): void {
    const failed = this.items.filter((item) => item.state === "failed").length;
    if (failed > 0) {
      this.say(`${failed} 张没有传上，照片还在这一页；有网后再点一次上传，不会重复。`);
      return;
    }
    const next = this.form.dataset["doneUrl"];
    const note = this.say(`${this.items.length} 张都已收到。`, "good");
    if (next) note.appendChild(make("a", { cls: "btn", text: this.form.dataset["doneWords"] ?? "继续", attrs: { href: next } }));
    this.form.dispatchEvent(new CustomEvent("jinshao:uploaded", { bubbles: true }));
  }

  private say(words: string, kind = "bad"): HTMLElement {
    let note = this.form.querySelector<HTMLElement>("[data-said]");
    if (!note) {
      note = make("p", { attrs: { "data-said": "", role: "status" } });
      this.list.insertAdjacentElement("afterend", note);
    }
    note.className = words ? `note act ${kind}` : "";
    note.textContent = words;
    return note;
  }
}

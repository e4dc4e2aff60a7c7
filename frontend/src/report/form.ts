import { all, make } from "../dom";
import { deliver, userOf } from "./deliver";
import { type Prepared, prepare } from "./photo";
import { type Place, Position } from "./position";
import { type Item, Queue, type Receipt } from "./queue";
import { uuidFor } from "./uuid";

/** A file so much older than its choosing was not taken here and now. */
const OLD_PHOTO_MS = 10 * 60_000;

/**
 * `<form data-report method="post" enctype="multipart/form-data">` with `<input type="file" name="file" multiple>`.
 * Each photo travels alone, as the same fields the plain form would post plus `uuid` and `device_at`; the answer is
 * JSON `{uuid, receipt|sha256}`. Without JavaScript the browser posts the form as it stands.
 */
export function startReports(): void {
  for (const form of all<HTMLFormElement>("form[data-report]")) {
    const picker = form.querySelector<HTMLInputElement>('input[type="file"]');
    if (picker && "FormData" in window) new Report(form, picker);
  }
}

interface Row {
  element: HTMLElement;
  words: HTMLElement;
  place: HTMLElement;
  remove: HTMLElement;
}

class Report {
  private readonly queue: Queue;
  private readonly rows = new Map<Item, Row>();
  private readonly prepared = new Map<Item, Prepared>();
  private readonly list: HTMLElement;
  private readonly position: Position;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly picker: HTMLInputElement,
  ) {
    this.list = form.querySelector<HTMLElement>("[data-queue]") ?? form.appendChild(make("ul"));
    this.list.setAttribute("aria-live", "polite");
    this.position = new Position(form);
    this.queue = new Queue(
      (item) => this.send(item),
      (item) => this.show(item),
    );
    picker.addEventListener("change", () => this.take());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.sendAll();
    });
    // What failed for want of a net goes by itself when it is back; the uuid keeps it from arriving twice.
    window.addEventListener("online", () => {
      if (this.queue.failed > 0) void this.sendAll();
    });
  }

  private take(): void {
    for (const file of Array.from(this.picker.files ?? [])) {
      const item = this.queue.add(file, uuidFor(userOf(document), this.form.action, file), this.position.atShutter());
      this.rows.set(item, this.rowOf(item));
      this.show(item);
    }
    // Emptied, so that the camera can be opened again for the next photo; the queue holds the files.
    this.picker.value = "";
    this.picker.required = false;
  }

  private rowOf(item: Item): Row {
    const words = make("span");
    const place = make("span", { cls: "xs mut", text: "正在定位…" });
    const remove = make("button", { cls: "btn", text: "不要这张", attrs: { type: "button" } });
    const picture = make("img", { attrs: { alt: "", src: URL.createObjectURL(item.file) } });
    const name = make("b", { cls: "wrap", text: item.file.name });
    const element = make("li", { cls: "up" }, [picture, make("div", {}, [name, words, place, remove])]);
    remove.addEventListener("click", () => this.drop(item));
    this.list.appendChild(element);
    return { element, words, place, remove };
  }

  private drop(item: Item): void {
    if (!this.queue.remove(item)) return;
    this.rows.get(item)?.element.remove();
    this.rows.delete(item);
    this.picker.required = this.queue.items.length === 0;
  }

  private show(item: Item): void {
    const row = this.rows.get(item);
    if (!row) return;
    row.words.textContent = item.words;
    row.words.className = item.state === "got" ? "got" : item.state === "failed" ? "err" : "";
    row.remove.hidden = item.state === "sending" || item.state === "got";
    if (item.place) row.place.textContent = `${item.place.words}${ageWords(item.file)}`;
  }

  private async sendAll(): Promise<void> {
    this.say(this.queue.items.length === 0 ? "还没有照片：请先拍照或选照片" : "");
    if (this.queue.items.length > 0 && (await this.queue.sendAll())) this.finish();
  }

  private async send(item: Item): Promise<Receipt> {
    const photo = this.prepared.get(item) ?? (await prepare(item.file));
    this.prepared.set(item, photo);
    // Typed since, for a photo that the device had no position for; from here on it is this photo's.
    if (!item.place?.lon) item.place = this.position.typed() ?? this.position.without(item.place?.no_position_reason ?? "");
    const place = item.place;
    this.show(item);
    return deliver<Receipt>(this.form.action, () => this.bodyOf(item, photo, place));
  }

  private bodyOf(item: Item, photo: Prepared, place: Place): FormData {
    const body = new FormData(this.form);
    body.delete(this.picker.name);
    body.append(this.picker.name, photo.file, photo.name);
    body.set("uuid", item.uuid);
    body.set("device_at", new Date(item.file.lastModified).toISOString());
    body.set("shrunk", photo.shrunk ? "1" : "");
    for (const name of ["lon", "lat", "accuracy_m", "no_position_reason"] as const) body.set(name, place[name]);
    return body;
  }

  private finish(): void {
    const open = this.queue.items.filter((item) => item.state !== "got").length;
    if (open > 0) {
      this.say(`${open} 张没有传上，照片还在这一页；有网后再点一次上传，不会重复。`);
      return;
    }
    const next = this.form.dataset["doneUrl"];
    const note = this.say(`${this.queue.items.length} 张都已收到。`, "good");
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

/** Beside the position of now: when an older file was taken, for then the two do not belong together. */
function ageWords(file: File): string {
  if (Date.now() - file.lastModified < OLD_PHOTO_MS) return "";
  const taken = new Date(file.lastModified).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai", hour12: false });
  return ` · 照片是 ${taken} 的，位置是选它时的`;
}

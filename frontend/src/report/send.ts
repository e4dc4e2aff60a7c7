import { all, make } from "../dom";
import { placed } from "../locate";
import { Refusal, wordsOf } from "../net";
import { deliver } from "./deliver";
import { type Prepared, prepare } from "./photo";

interface Done {
  url: string;
}

/**
 * `<form data-send method="post">` is sent by script: whatever happens on the way, the page stays with all that was
 * typed and photographed, and says what happened and what to do. Its hidden `uuid` or `expected_version` keeps a second
 * try from doing anything twice. The answer is JSON: `{url}` of the page to go on to, or `{message, fields}`.
 * Without JavaScript the browser posts the form as it stands.
 */
export function startSends(): void {
  for (const form of all<HTMLFormElement>("form[data-send]")) {
    if ("FormData" in window) new Sending(form);
  }
}

class Sending {
  private readonly prepared = new Map<File, Prepared>();
  private busy = false;

  constructor(private readonly form: HTMLFormElement) {
    form.addEventListener("submit", (event) => {
      // Asked first (data-confirm), or stopped by somebody else.
      if (event.defaultPrevented) return;
      event.preventDefault();
      void this.send((event as SubmitEvent).submitter ?? null);
    });
  }

  private async send(button: HTMLElement | null): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.clear();
    this.say("正在送出…", "");
    try {
      await placed(this.form);
      const photos = await this.photos();
      const done = await deliver<Done>(this.form.action, () => this.bodyOf(button, photos));
      this.say("✓ 已收到", "good");
      follow(done.url);
    } catch (error) {
      this.fail(error);
    } finally {
      this.busy = false;
    }
  }

  /** Every chosen photo as it is to be sent, by the name of its field. */
  private async photos(): Promise<Map<string, Prepared>> {
    const photos = new Map<string, Prepared>();
    for (const picker of all<HTMLInputElement>('input[type="file"]', this.form)) {
      const file = picker.files?.[0];
      if (!file || picker.multiple) continue;
      const photo = this.prepared.get(file) ?? (await prepare(file));
      this.prepared.set(file, photo);
      photos.set(picker.name, photo);
    }
    return photos;
  }

  private bodyOf(button: HTMLElement | null, photos: Map<string, Prepared>): FormData {
    const body = new FormData(this.form);
    for (const [name, photo] of photos) {
      body.delete(name);
      body.append(name, photo.file, photo.name);
    }
    if (button instanceof HTMLButtonElement && button.name) body.append(button.name, button.value);
    return body;
  }

  private fail(error: unknown): void {
    const fields = error instanceof Refusal ? error.fields : {};
    const loose: string[] = [];
    let first: HTMLElement | null = null;
    for (const [name, errors] of Object.entries(fields)) {
      const box = this.boxOf(name);
      if (!box) loose.push(...errors);
      else {
        box.classList.add("wrong");
        box.appendChild(make("div", { attrs: { "data-sent-error": "" } }, errors.map((text) => make("p", { cls: "err", text }))));
        first = first ?? box;
      }
    }
    const words = [wordsOf(error), ...loose].join("；");
    const stays = "填的内容和照片还在这一页，再点一次不会重复。";
    this.say(`没有送出：${words}。${first ? "" : stays}`.replace("。。", "。"), "bad");
    first?.scrollIntoView({ block: "center" });
  }

  private boxOf(name: string): HTMLElement | null {
    const field = this.form.elements.namedItem(name);
    const element = field instanceof RadioNodeList ? field[0] : field;
    if (!(element instanceof HTMLElement) || (element instanceof HTMLInputElement && element.type === "hidden")) return null;
    const details = element.closest("details");
    if (details) details.open = true;
    return element.closest<HTMLElement>(".fld") ?? element.parentElement;
  }

  private clear(): void {
    for (const note of all("[data-sent-error]", this.form)) {
      note.parentElement?.classList.remove("wrong");
      note.remove();
    }
  }

  private say(words: string, kind: string): void {
    let note = this.form.querySelector<HTMLElement>("[data-said]");
    if (!note) {
      note = make("p", { attrs: { "data-said": "", role: "status" } });
      const submit = this.form.querySelector("button[type=submit]");
      (submit?.closest("p") ?? this.form).insertAdjacentElement(submit ? "beforebegin" : "beforeend", note);
    }
    note.className = `note act ${kind}`;
    note.textContent = words;
  }
}

/** Goes to a page, also to this very one. */
function follow(url: string): void {
  const next = new URL(url, window.location.href);
  const isHere = next.pathname === window.location.pathname && next.search === window.location.search;
  window.location.assign(next.href);
  if (isHere) window.location.reload();
}

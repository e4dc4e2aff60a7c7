import { Refusal, wordsOf } from "../net";
import type { Place } from "./position";

export interface Receipt {
  uuid: string;
  receipt?: string;
  sha256?: string;
}

/** A photo with what it was taken with. `place` is null while the device is still asked. */
export interface Item {
  readonly file: File;
  readonly uuid: string;
  place: Place | null;
  state: "waiting" | "sending" | "got" | "failed";
  words: string;
}

/**
 * The photos of one page, sent one by one: on a weak net two at once both fail. What fails stays, and goes again under
 * its own UUID. Knows nothing of the page: `changed` hears of each item, `send` does the sending.
 */
export class Queue {
  readonly items: Item[] = [];
  private readonly placing = new Map<Item, Promise<void>>();
  private busy = false;

  constructor(
    private readonly send: (item: Item) => Promise<Receipt>,
    private readonly changed: (item: Item) => void,
  ) {}

  /** Takes a photo in; its place is asked for now, at the shutter, and held. */
  add(file: File, uuid: string, place: Promise<Place>): Item {
    const item: Item = { file, uuid, place: null, state: "waiting", words: "等待上传" };
    this.items.push(item);
    this.placing.set(
      item,
      place.then((held) => {
        item.place = held;
        this.changed(item);
      }),
    );
    return item;
  }

  /** Takes out a photo that has not arrived. One on its way stays: the server may have it. */
  remove(item: Item): boolean {
    if (item.state === "sending" || item.state === "got") return false;
    this.items.splice(this.items.indexOf(item), 1);
    return true;
  }

  get failed(): number {
    return this.items.filter((item) => item.state === "failed").length;
  }

  /**
   * Sends all that has not arrived. Pressed while photos are on their way, it only lines up those that failed before or
   * came since. True when this call has come to the end of the queue.
   */
  async sendAll(): Promise<boolean> {
    for (const item of this.items) if (item.state === "failed") this.mark(item, "waiting", "等待上传");
    if (this.busy) return false;
    this.busy = true;
    try {
      let next: Item | undefined;
      while ((next = this.items.find((item) => item.state === "waiting"))) {
        if (!(await this.sent(next))) break;
      }
    } finally {
      this.busy = false;
    }
    return true;
  }

  /** False when there is no sense in sending the rest: nobody is signed in. */
  private async sent(item: Item): Promise<boolean> {
    this.mark(item, "sending", item.place ? "正在上传…" : "正在定位…");
    try {
      await this.placing.get(item);
      this.mark(item, "sending", "正在上传…");
      const receipt = await this.send(item);
      this.mark(item, "got", `✓ 已收到 · 回执 ${receipt.receipt ?? (receipt.sha256 ?? receipt.uuid).slice(0, 12)}`);
    } catch (error) {
      this.mark(item, "failed", `没有传上：${wordsOf(error)}`);
      return !(error instanceof Refusal && error.status === 401);
    }
    return true;
  }

  private mark(item: Item, state: Item["state"], words: string): void {
    item.state = state;
    item.words = words;
    this.changed(item);
  }
}

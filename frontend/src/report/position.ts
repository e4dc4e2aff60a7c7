import { make } from "../dom";
import { type Fix, fixWords, isFix, Locator } from "./locator";

const FIELDS = ["lon", "lat", "accuracy_m"] as const;

/** Where a photo was taken, as it is sent: measured or typed degrees (WGS-84), or the reason why there are none. */
export interface Place {
  lon: string;
  lat: string;
  accuracy_m: string;
  no_position_reason: string;
  words: string;
}

export function placeOf(fix: Fix): Place {
  return {
    lon: fix.lon.toFixed(6),
    lat: fix.lat.toFixed(6),
    accuracy_m: fix.accuracyM.toFixed(1),
    no_position_reason: "",
    words: fixWords(fix),
  };
}

/**
 * The position fields of a form. They follow the device until somebody types into them; a photo takes what holds at its
 * shutter and keeps it, wherever the phone goes before it is sent.
 */
export class Position {
  private readonly status: HTMLElement;
  private readonly locator = new Locator();
  private isTyped = false;

  constructor(private readonly form: HTMLFormElement) {
    this.status = form.querySelector<HTMLElement>("[data-where]") ?? form.insertBefore(make("p", { cls: "note" }), form.firstChild);
    this.status.setAttribute("role", "status");
    for (const name of FIELDS) {
      this.input(name)?.addEventListener("input", () => (this.isTyped = Boolean(this.value("lon") || this.value("lat"))));
    }
    this.say("正在定位…");
    this.locator.follow(
      (fix) => this.show(fix),
      (why) => this.warn(why),
    );
  }

  /** The place of a photo that is chosen now. Never rejects; without a fix it carries the reason. */
  async atShutter(): Promise<Place> {
    const typed = this.typed();
    if (typed) return typed;
    const here = await this.locator.here();
    return isFix(here) ? placeOf(here) : this.without(here.reason);
  }

  /** What somebody typed into the fields, complete; null while they follow the device. */
  typed(): Place | null {
    const [lon, lat, accuracy_m] = FIELDS.map((name) => this.value(name));
    if (!this.isTyped || !lon || !lat) return null;
    return { lon, lat, accuracy_m: accuracy_m ?? "", no_position_reason: "", words: `${lat}°N ${lon}°E，手填` };
  }

  /** The reason that somebody wrote, or the device's. */
  without(reason: string): Place {
    const written = this.value("no_position_reason") || reason;
    return { lon: "", lat: "", accuracy_m: "", no_position_reason: written, words: `没有定位：${written}` };
  }

  private show(fix: Fix): void {
    if (this.isTyped) return;
    const place = placeOf(fix);
    for (const name of FIELDS) {
      const field = this.input(name);
      if (field) field.value = place[name];
    }
    this.say(`✓ 已定位 ${place.words}。每张照片记选它那一刻的位置。`);
  }

  private warn(why: string): void {
    if (this.value("lon")) return;
    this.say(`${why}。照片仍可上传，请写明没有定位的原因，或手填经纬度。`);
    this.status.classList.add("warn");
    const reason = this.input("no_position_reason");
    if (reason && !reason.placeholder) reason.placeholder = `例如：${why}`;
  }

  private say(words: string): void {
    this.status.classList.remove("warn");
    this.status.textContent = words;
  }

  private value(name: string): string {
    return this.input(name)?.value.trim() ?? "";
  }

  private input(name: string): HTMLInputElement | HTMLTextAreaElement | null {
    const field = this.form.elements.namedItem(name);
    return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field : null;
  }
}

import { all, make } from "./dom";
import { fixWords, isFix, Locator, obstacle } from "./report/locator";
import { type Place, placeOf } from "./report/position";

const FIELDS = ["lon", "lat", "accuracy_m"] as const;
/** Where nobody waits with a camera in the hand, a receiver may take its time. */
const PATIENT_MS = 30_000;

const locatings = new WeakMap<HTMLFormElement, Locating>();

/**
 * `<form data-locate>` with fields lon, lat, accuracy_m, datum, a hidden `<button data-locate-here>` and
 * `<p data-located>`: the button fills them with where the device is (WGS-84). Its photo takes the place of its own
 * shutter along, in `photo_…` fields. Without JavaScript everything is typed.
 */
export function startLocates(): void {
  for (const form of all<HTMLFormElement>("form[data-locate]")) locatings.set(form, new Locating(form));
}

/** Settles when the photo of `form` has its place, or the reason why it has none. */
export async function placed(form: HTMLFormElement): Promise<void> {
  await locatings.get(form)?.settle();
}

class Locating {
  private readonly locator = new Locator();
  private readonly status: HTMLElement;
  private isTyped = false;
  private shutter: Promise<void> = Promise.resolve();

  constructor(private readonly form: HTMLFormElement) {
    this.status = form.querySelector<HTMLElement>("[data-located]") ?? form.appendChild(make("p", { cls: "mut" }));
    for (const name of ["lon", "lat"]) {
      this.input(name)?.addEventListener("input", () => (this.isTyped = Boolean(this.value("lon") || this.value("lat"))));
    }
    this.offer();
    const picker = form.querySelector<HTMLInputElement>('input[type="file"]');
    picker?.addEventListener("change", () => (this.shutter = this.atShutter(picker)));
  }

  /** Waits for the shutter. A photo without a fix takes the position that somebody typed, never one measured later. */
  async settle(): Promise<void> {
    await this.shutter;
    const reason = this.input("photo_reason");
    if (reason && this.isTyped) reason.value = "";
  }

  private offer(): void {
    const button = this.form.querySelector<HTMLButtonElement>("[data-locate-here]");
    const never = obstacle();
    if (never) {
      this.status.textContent = `${never}，请手填经纬度。`;
      this.status.classList.add("warn");
    } else if (button) {
      button.hidden = false;
      button.addEventListener("click", () => void this.locate());
    }
  }

  private async locate(): Promise<void> {
    this.status.textContent = "正在定位…";
    const here = await this.locator.here(PATIENT_MS);
    if (isFix(here)) this.fill(placeOf(here));
    else this.status.textContent = `${here.reason}，请手填经纬度。`;
  }

  private fill(place: Place): void {
    this.isTyped = false;
    for (const name of FIELDS) {
      const field = this.input(name);
      if (field) field.value = place[name];
    }
    const datum = this.form.elements.namedItem("datum");
    if (datum instanceof HTMLSelectElement) datum.value = "wgs84";
    this.status.textContent = `✓ 已定位 ${place.words}`;
  }

  /** Holds where and when the photo was taken, wherever the phone goes before it is sent. */
  private async atShutter(picker: HTMLInputElement): Promise<void> {
    const file = picker.files?.[0];
    const note = this.photoNote(picker);
    this.hold({ lon: "", lat: "", accuracy_m: "", no_position_reason: "", words: "" }, file);
    note.textContent = file ? "照片的位置：正在定位…" : "";
    if (!file) return;
    const here = await this.locator.here();
    if (picker.files?.[0] !== file) return; // another photo was chosen meanwhile
    if (!isFix(here)) {
      this.hold({ lon: "", lat: "", accuracy_m: "", no_position_reason: here.reason, words: "" }, file);
      note.textContent = `照片没有定位：${here.reason}。`;
      return;
    }
    const place = placeOf(here);
    this.hold(place, file);
    note.textContent = `✓ 照片的位置 ${fixWords(here)}`;
    if (!this.value("lon") && !this.value("lat")) this.fill(place);
  }

  private hold(place: Place, file: File | undefined): void {
    const isHeld = Boolean(place.lon || place.no_position_reason);
    const values = {
      photo_lon: place.lon,
      photo_lat: place.lat,
      photo_accuracy_m: place.accuracy_m,
      photo_reason: place.no_position_reason,
      photo_at: isHeld && file ? new Date(file.lastModified).toISOString() : "",
    };
    for (const [name, value] of Object.entries(values)) {
      const field = this.input(name);
      if (field) field.value = value;
    }
  }

  private photoNote(picker: HTMLInputElement): HTMLElement {
    const there = this.form.querySelector<HTMLElement>("[data-photo-place]");
    if (there) return there;
    const note = make("p", { cls: "hint", attrs: { "data-photo-place": "", role: "status" } });
    picker.insertAdjacentElement("afterend", note);
    return note;
  }

  private value(name: string): string {
    return this.input(name)?.value.trim() ?? "";
  }

  private input(name: string): HTMLInputElement | null {
    const field = this.form.elements.namedItem(name);
    return field instanceof HTMLInputElement ? field : null;
  }
}

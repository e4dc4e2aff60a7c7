import { make } from "../dom";

function input(form: HTMLFormElement, name: string): HTMLInputElement | HTMLTextAreaElement | null {
  const found = form.elements.namedItem(name);
  return found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement ? found : null;
}

function wordsFor(error: GeolocationPositionError): string {
  if (error.code === error.PERMISSION_DENIED) return "没有允许定位";
  if (error.code === error.TIMEOUT) return "定位超时，请到开阔处再试";
  return "手机给不出位置";
}

/** Fills lon, lat (WGS-84) and accuracy_m of the form; asks for a reason in words when the phone gives none. */
export class Position {
  private readonly form: HTMLFormElement;
  private readonly status: HTMLElement;
  private watching: number | null = null;

  constructor(form: HTMLFormElement) {
    this.form = form;
    this.status = form.querySelector<HTMLElement>("[data-where]") ?? form.insertBefore(make("p", { cls: "note" }), form.firstChild);
    this.status.setAttribute("role", "status");
    this.start();
  }

  /** What is missing, or "" when the photo may go. */
  missing(): string {
    const located = input(this.form, "lon")?.value && input(this.form, "lat")?.value;
    const reason = input(this.form, "no_position_reason")?.value.trim();
    return located || reason ? "" : "照片要有定位，或写明没有定位的原因";
  }

  private start(): void {
    if (!("geolocation" in navigator) || !window.isSecureContext) {
      this.refused(window.isSecureContext ? "这台机器不能定位" : "不是 https 网址，浏览器不给定位");
      return;
    }
    this.say("正在定位…");
    const options = { enableHighAccuracy: true, timeout: 30_000, maximumAge: 15_000 };
    this.watching = navigator.geolocation.watchPosition(
      (found) => this.found(found.coords),
      (error) => this.refused(wordsFor(error)),
      options,
    );
    window.addEventListener("pagehide", () => this.stop());
  }

  private stop(): void {
    if (this.watching !== null) navigator.geolocation.clearWatch(this.watching);
    this.watching = null;
  }

  private found(at: GeolocationCoordinates): void {
    const values = { lon: at.longitude.toFixed(6), lat: at.latitude.toFixed(6), accuracy_m: at.accuracy.toFixed(1) };
    for (const [name, value] of Object.entries(values)) {
      const field = input(this.form, name);
      if (field) field.value = value;
    }
    this.say(`✓ 已定位 ±${Math.round(at.accuracy)} 米（${values.lat}°N ${values.lon}°E）`);
  }

  private refused(why: string): void {
    if (input(this.form, "lon")?.value) return;
    this.say(`${why}。照片仍可上传，请写明没有定位的原因。`);
    this.status.classList.add("warn");
    const reason = input(this.form, "no_position_reason");
    if (reason && !reason.placeholder) reason.placeholder = `例如：${why}`;
  }

  private say(words: string): void {
    this.status.classList.remove("warn");
    this.status.textContent = words;
  }
}

import { all } from "./dom";

const FIELDS = ["lon", "lat", "accuracy_m"] as const;

function input(form: HTMLFormElement, name: string): HTMLInputElement | null {
  const found = form.elements.namedItem(name);
  return found instanceof HTMLInputElement ? found : null;
}

function wordsFor(error: GeolocationPositionError): string {
  if (error.code === error.PERMISSION_DENIED) return "没有允许定位，请手填经纬度。";
  if (error.code === error.TIMEOUT) return "定位超时，请到开阔处再试，或手填。";
  return "这台机器给不出位置，请手填经纬度。";
}

/**
 * `<form data-locate>` with fields lon, lat, accuracy_m, datum, a hidden `<button data-locate-here>` and
 * `<p data-located>`: the button fills them with where the device is (WGS-84). Without JavaScript they are typed.
 */
export function startLocates(): void {
  for (const form of all<HTMLFormElement>("form[data-locate]")) {
    const button = form.querySelector<HTMLButtonElement>("[data-locate-here]");
    const status = form.querySelector<HTMLElement>("[data-located]");
    if (!button || !status || !("geolocation" in navigator) || !window.isSecureContext) continue;
    button.hidden = false;
    const locate = (): void => {
      status.textContent = "正在定位…";
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => fill(form, status, coords),
        (error) => (status.textContent = wordsFor(error)),
        { enableHighAccuracy: true, timeout: 30_000, maximumAge: 15_000 },
      );
    };
    button.addEventListener("click", locate);
  }
}

function fill(form: HTMLFormElement, status: HTMLElement, at: GeolocationCoordinates): void {
  const values = [at.longitude.toFixed(6), at.latitude.toFixed(6), at.accuracy.toFixed(1)];
  FIELDS.forEach((name, index) => {
    const field = input(form, name);
    if (field) field.value = values[index] ?? "";
  });
  const datum = form.elements.namedItem("datum");
  if (datum instanceof HTMLSelectElement) datum.value = "wgs84";
  status.textContent = `✓ 已定位 ±${Math.round(at.accuracy)} 米`;
}

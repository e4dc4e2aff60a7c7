import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { placed, startLocates } from "../src/locate";
import { fakeGeolocation, type FakeGeolocation, photo, settled } from "./fakes";

let device: FakeGeolocation;
const NAMES = ["lon", "lat", "accuracy_m", "photo_lon", "photo_lat", "photo_accuracy_m", "photo_at", "photo_reason"];
const form = (): HTMLFormElement => document.querySelector("form")!;
const field = (name: string): HTMLInputElement => document.querySelector<HTMLInputElement>(`[name=${name}]`)!;
const status = (): string => document.querySelector("[data-located]")!.textContent ?? "";

function draw(): void {
  document.body.innerHTML = `<form data-locate><button type="button" data-locate-here hidden>用手机现在的位置</button>
    <p data-located></p><select name="datum"><option value="gcj02">GCJ-02</option><option value="wgs84">WGS-84</option></select>
    ${NAMES.map((name) => `<input name="${name}">`).join("")}<input type="file" name="photo"></form>`;
  startLocates();
}

function choose(file: File | null): void {
  Object.defineProperty(field("photo"), "files", { value: file ? [file] : [], configurable: true });
  field("photo").dispatchEvent(new Event("change"));
}

beforeEach(() => {
  vi.useFakeTimers();
  device = fakeGeolocation();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the button fills the position in WGS-84 and says its accuracy", async () => {
  draw();
  device.next = { lon: 124.37785, lat: 41.21116, accuracy: 8 };
  document.querySelector<HTMLElement>("[data-locate-here]")!.click();
  await settled();
  expect([field("lon").value, field("lat").value, field("accuracy_m").value]).toEqual(["124.377850", "41.211160", "8.0"]);
  expect(document.querySelector("select")!.value).toBe("wgs84");
  expect(status()).toContain("±8 米");
});

test("plain HTTP shows no button and says why", () => {
  fakeGeolocation(false);
  draw();
  expect(document.querySelector<HTMLElement>("[data-locate-here]")!.hidden).toBe(true);
  expect(status()).toContain("不是 https 网址，浏览器不给定位");
});

test("the photo holds where it was taken, with its own accuracy and time, though the finding is placed elsewhere later", async () => {
  draw();
  const takenAt = Date.now() - 1000;
  device.next = { lon: 124.37785, lat: 41.21116, accuracy: 8 };
  choose(photo("a.jpg", takenAt));
  await placed(form());
  expect(field("lon").value, "an empty position is filled with it").toBe("124.377850");
  vi.advanceTimersByTime(60_000);
  device.next = { lon: 124.2, lat: 41.3, accuracy: 30 };
  document.querySelector<HTMLElement>("[data-locate-here]")!.click();
  await settled();
  expect(field("lon").value).toBe("124.200000");
  expect([field("photo_lon").value, field("photo_lat").value, field("photo_accuracy_m").value]).toEqual([
    "124.377850", "41.211160", "8.0",
  ]);
  expect(field("photo_at").value).toBe(new Date(takenAt).toISOString());
});

test("a photo without a fix carries the reason, and a position measured later is not its own", async () => {
  draw();
  device.next = 3;
  choose(photo());
  await placed(form());
  expect([field("photo_lon").value, field("photo_reason").value]).toEqual(["", "定位超时，请到开阔处再试"]);
  device.next = { lon: 124.2, lat: 41.3, accuracy: 30 };
  document.querySelector<HTMLElement>("[data-locate-here]")!.click();
  await settled();
  await placed(form());
  expect([field("photo_lon").value, field("photo_reason").value]).toEqual(["", "定位超时，请到开阔处再试"]);
});

test("a photo without a fix takes the position that somebody typed", async () => {
  draw();
  device.next = 1;
  choose(photo());
  field("lon").value = "124.4";
  field("lon").dispatchEvent(new Event("input"));
  await placed(form());
  expect(field("photo_reason").value).toBe("");
});

test("another photo has another place, and no photo has none", async () => {
  draw();
  device.next = { lon: 124.37785, lat: 41.21116, accuracy: 8 };
  choose(photo("a.jpg"));
  await placed(form());
  vi.advanceTimersByTime(60_000);
  device.next = { lon: 124.2, lat: 41.3, accuracy: 30 };
  choose(photo("b.jpg"));
  await placed(form());
  expect(field("photo_lon").value).toBe("124.200000");
  choose(null);
  await placed(form());
  expect([field("photo_lon").value, field("photo_at").value]).toEqual(["", ""]);
});

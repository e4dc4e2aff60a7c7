import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Position } from "../src/report/position";
import { fakeGeolocation, type FakeGeolocation } from "./fakes";

let device: FakeGeolocation;
let position: Position;
const field = (name: string): HTMLInputElement => document.querySelector<HTMLInputElement>(`[name=${name}]`)!;

function type(name: string, value: string): void {
  field(name).value = value;
  field(name).dispatchEvent(new Event("input"));
}

beforeEach(() => {
  vi.useFakeTimers();
  device = fakeGeolocation();
  document.body.innerHTML = `<form><p data-where></p><input name="lon"><input name="lat"><input name="accuracy_m">
    <input name="no_position_reason"></form>`;
  position = new Position(document.querySelector("form")!);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a photo has the place of its shutter, wherever the phone goes afterwards", async () => {
  device.move(124.37785, 41.21116, 8);
  const held = await position.atShutter();
  device.move(124.2, 41.3, 30);
  expect(held).toMatchObject({ lon: "124.377850", lat: "41.211160", accuracy_m: "8.0", no_position_reason: "" });
  expect(field("lon").value).toBe("124.200000");
  expect(await position.atShutter()).toMatchObject({ lon: "124.200000", accuracy_m: "30.0" });
});

test("what somebody types stands, though the phone moves", async () => {
  type("lon", "124.5");
  type("lat", "41.5");
  device.move(124.2, 41.3);
  expect(field("lon").value).toBe("124.5");
  expect(await position.atShutter()).toMatchObject({ lon: "124.5", lat: "41.5", accuracy_m: "" });
});

test("typed and emptied again, the fields follow the phone", async () => {
  type("lon", "124.5");
  type("lon", "");
  device.move(124.2, 41.3);
  expect(field("lon").value).toBe("124.200000");
  expect(position.typed()).toBeNull();
});

test("half a position is none", () => {
  type("lon", "124.5");
  expect(position.typed()).toBeNull();
});

test("without a fix the photo carries the reason, a person's own before the device's", async () => {
  device.next = 1;
  expect(await position.atShutter()).toMatchObject({ lon: "", no_position_reason: "没有允许定位" });
  type("no_position_reason", "林子太密");
  expect(await position.atShutter()).toMatchObject({ lon: "", no_position_reason: "林子太密" });
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ASK_MS, FRESH_MS, fixWords, isFix, Locator, NOT_HTTPS } from "../src/report/locator";
import { fakeGeolocation, type FakeGeolocation } from "./fakes";

let device: FakeGeolocation;
beforeEach(() => {
  vi.useFakeTimers();
  device = fakeGeolocation();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function following(): Locator {
  const locator = new Locator();
  locator.follow(
    () => {},
    () => {},
  );
  return locator;
}

test("a fresh fix is given at once, without asking again", async () => {
  const locator = following();
  device.move(124.37785, 41.21116);
  vi.advanceTimersByTime(FRESH_MS);
  expect(await locator.here()).toMatchObject({ lon: 124.37785, lat: 41.21116, accuracyM: 8 });
  expect(device.asked).toBe(0);
});

test("an older fix is of somewhere before: a new one is asked for", async () => {
  const locator = following();
  device.move(124.2, 41.3);
  vi.advanceTimersByTime(FRESH_MS + 1);
  device.next = { lon: 124.37785, lat: 41.21116, accuracy: 5 };
  expect(await locator.here()).toMatchObject({ lon: 124.37785, accuracyM: 5, at: Date.now() });
});

test.each([
  [1, "没有允许定位"],
  [2, "这台机器给不出位置"],
  [3, "定位超时"],
])("error %i is a reason in words, not a failure", async (code, words) => {
  device.next = code;
  const here = await new Locator().here();
  expect(isFix(here)).toBe(false);
  expect(here).toHaveProperty("reason", expect.stringContaining(words));
});

test("a device that never answers, or whose question nobody answers, is waited for 15 seconds", async () => {
  const here = new Locator().here();
  await vi.advanceTimersByTimeAsync(ASK_MS);
  expect(await here).toEqual({ reason: "15 秒内没有定到位" });
});

test("plain HTTP is named, at once", async () => {
  fakeGeolocation(false);
  expect(await new Locator().here()).toEqual({ reason: NOT_HTTPS });
  const reasons: string[] = [];
  new Locator().follow(
    () => {},
    (why) => reasons.push(why),
  );
  expect(reasons).toEqual(["不是 https 网址，浏览器不给定位"]);
});

test("a fix is said with its accuracy", () => {
  expect(fixWords({ lon: 124.37785, lat: 41.21116, accuracyM: 7.6, at: 0 })).toBe("41.211160°N 124.377850°E ±8 米");
});

import { expect, test, vi } from "vitest";
import { uuid4, uuidFor } from "../src/report/uuid";
import { photo } from "./fakes";

test("a version 4 UUID, each time another", () => {
  const made = Array.from({ length: 200 }, uuid4);
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(200);
});

test("the same photo of the same person for the same place keeps its UUID over a reload", () => {
  localStorage.clear();
  const file = photo("a.jpg", 1000);
  const first = uuidFor("7", "/points/77/evidence", file);
  expect(uuidFor("7", "/points/77/evidence", photo("a.jpg", 1000))).toBe(first);
  expect(uuidFor("7", "/points/78/evidence", file)).not.toBe(first);
  expect(uuidFor("7", "/points/77/evidence", photo("a.jpg", 2000))).not.toBe(first);
});

test("another person on the same phone sends the same photo as a piece of their own", () => {
  const file = photo("a.jpg", 1000);
  expect(uuidFor("8", "/points/77/evidence", file)).not.toBe(uuidFor("7", "/points/77/evidence", file));
});

test("without storage a photo still gets a UUID", () => {
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
    throw new Error("off");
  });
  expect(uuidFor("7", "/x", photo())).toHaveLength(36);
});

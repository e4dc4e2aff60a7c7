import { expect, test } from "vitest";
import { uuid4 } from "../src/report/uuid";

test("a version 4 UUID, each time another", () => {
  const made = Array.from({ length: 200 }, uuid4);
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(200);
});

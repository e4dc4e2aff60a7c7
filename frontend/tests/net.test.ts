import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANSWER_MS, answerMs, getJson, NoAnswer, post, read, Refusal, STALL_MS, wordsFor, wordsOf } from "../src/net";
import { FakeRequest, fakeRequests } from "./fakes";

beforeEach(() => {
  vi.useFakeTimers();
  fakeRequests();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const last = (): FakeRequest => FakeRequest.sent[FakeRequest.sent.length - 1]!;
const answer = (status: number, body: unknown, retryAfter = "") => ({
  status,
  isJson: typeof body !== "string",
  text: typeof body === "string" ? body : JSON.stringify(body),
  retryAfter,
});

test("a server that never answers is given up after a minute, and its request with it", async () => {
  const waiting = expect(post("/x", new FormData())).rejects.toThrow(NoAnswer);
  last().upload.onload?.();
  vi.advanceTimersByTime(ANSWER_MS - 1);
  expect(last().aborted).toBe(false);
  vi.advanceTimersByTime(1);
  await waiting;
  expect(last().aborted).toBe(true);
});

test("an upload that stands still is given up; a slow one that moves is not, however long it takes", async () => {
  const waiting = expect(post("/x", new FormData())).rejects.toThrow("传不动");
  for (let part = 1; part <= 40; part += 1) {
    last().progress(part * 16_000);
    vi.advanceTimersByTime(STALL_MS - 1);
  }
  expect(last().aborted).toBe(false);
  vi.advanceTimersByTime(1);
  await waiting;
});

test("a big photo may still be on its way out of the phone: its answer has up to two minutes", () => {
  expect(answerMs(0)).toBe(ANSWER_MS);
  expect(answerMs(240_000)).toBe(ANSWER_MS + 30_000);
  expect(answerMs(30_000_000)).toBe(2 * ANSWER_MS);
});

test("an answer in time stops the clock", async () => {
  const waiting = post("/x", new FormData());
  last().answer(201, { uuid: "1" }, { "Retry-After": "7" });
  expect(await waiting).toEqual({ status: 201, isJson: true, text: '{"uuid":"1"}', retryAfter: "7" });
  vi.advanceTimersByTime(10 * ANSWER_MS);
  expect(last().aborted).toBe(false);
});

test("a cut line is said in words", async () => {
  const waiting = post("/x", new FormData());
  last().cut();
  await expect(waiting).rejects.toThrow("没有网，或连接断了");
});

test("a GET is given up after a minute too", async () => {
  let signal: AbortSignal | undefined;
  vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
    signal = init.signal ?? undefined;
    return new Promise(() => {});
  });
  const waiting = expect(getJson("/x")).rejects.toThrow("60 秒没有答复");
  await vi.advanceTimersByTimeAsync(ANSWER_MS);
  await waiting;
  expect(signal?.aborted).toBe(true);
});

test("a refusal carries the server's own words and its fields", () => {
  try {
    read(answer(422, { message: "时间在将来", fields: { found_at: ["时间在将来"] } }));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).status).toBe(422);
    expect((error as Refusal).fields).toEqual({ found_at: ["时间在将来"] });
    expect(wordsOf(error)).toBe("时间在将来");
  }
});

test.each([
  [413, "", "文件太大"],
  [429, "30", "过 30 秒再点一次"],
  [429, "Sat, 28 Nov 2026 00:00:00 GMT", "过一会儿再点一次"],
  [500, "", "服务器出错（500）：请稍后再点一次"],
  [502, "", "服务器出错（502）"],
  [418, "", "服务器答复 418"],
])("the page of a %i says what to do", (status, retryAfter, words) => {
  expect(wordsFor(status, retryAfter)).toContain(words);
  expect(() => read(answer(status, "<h1>Error</h1>", retryAfter))).toThrow(words);
});

test("a page where JSON was due is no answer, and JSON that is none breaks nothing", () => {
  expect(() => read(answer(200, "<html>"))).toThrow(Refusal);
  expect(() => read({ ...answer(400, "{"), isJson: true })).toThrow("服务器答复 400");
  expect(() => read({ ...answer(400, "null"), isJson: true })).toThrow("服务器答复 400");
});

test("an error of the browser's own is no English on the screen", () => {
  expect(wordsOf(new TypeError("Failed to fetch"))).toBe("没有网，或服务器没有答复");
});

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startSends } from "../src/report/send";
import { FakeRequest, fakeRequests } from "./fakes";

const form = (): HTMLFormElement => document.querySelector("form")!;
const said = (): string => document.querySelector("[data-said]")?.textContent ?? "";

function press(): void {
  form().dispatchEvent(new Event("submit", { cancelable: true, bubbles: true }));
}

async function pressed(): Promise<FakeRequest> {
  const before = FakeRequest.sent.length;
  press();
  await vi.waitFor(() => expect(FakeRequest.sent.length).toBe(before + 1));
  return FakeRequest.sent[before]!;
}

beforeEach(() => {
  fakeRequests();
  document.body.dataset["user"] = "7";
  document.body.innerHTML = `<form method="post" action="/findings/new?sent" data-send><input type="hidden" name="uuid" value="u-1">
    <div class="fld"><input name="lat" value="41.2"></div><details><div class="fld"><textarea name="date_proof"></textarea></div></details>
    <textarea name="note">村东头</textarea><p><button type="submit">上报</button></p></form>`;
  startSends();
});
afterEach(() => vi.unstubAllGlobals());

test.each([
  ["a cut", (request: FakeRequest) => request.cut(), "没有网，或连接断了"],
  ["a 500", (request: FakeRequest) => request.answer(500, "<h1>"), "服务器出错（500）：请稍后再点一次"],
  ["a 413", (request: FakeRequest) => request.answer(413, "<h1>"), "请换一张小一点的照片"],
  ["a 429", (request: FakeRequest) => request.answer(429, "<h1>", { "Retry-After": "20" }), "过 20 秒再点一次"],
  ["the sign-in", (request: FakeRequest) => request.answer(200, "<form>"), "登录已过期：请在另一页登录，再点一次"],
])("after %s everything stays, the words say what to do, and the next press sends the same uuid", async (_, fault, words) => {
  const first = await pressed();
  fault(first);
  await vi.waitFor(() => expect(said()).toContain(words));
  expect(said()).toContain("还在这一页");
  expect(form().querySelector("textarea[name=note]")).toHaveProperty("value", "村东头");
  const second = await pressed();
  expect([first, second].map((request) => request.body.get("uuid"))).toEqual(["u-1", "u-1"]);
  expect(second.body.get("note")).toBe("村东头");
});

test("a second press while the first is on its way sends nothing", async () => {
  await pressed();
  press();
  await Promise.resolve();
  expect(FakeRequest.sent).toHaveLength(1);
});

test("what was refused stands beside its field, opens what hides it, and goes with the next try", async () => {
  (await pressed()).answer(400, { message: "有几项要改", fields: { lat: ["读不准"], date_proof: ["黑斑要写明"], secret: ["别的"] } });
  await vi.waitFor(() => expect(document.querySelectorAll(".fld.wrong")).toHaveLength(2));
  expect(document.querySelector(".fld.wrong .err")!.textContent).toBe("读不准");
  expect(document.querySelector("details")!.open).toBe(true);
  expect(said()).toContain("有几项要改；别的");
  await pressed();
  expect(document.querySelectorAll(".fld.wrong, .err")).toHaveLength(0);
});

test("a form that somebody else has stopped is not sent", async () => {
  document.addEventListener("submit", (event) => event.preventDefault(), { capture: true, once: true });
  press();
  await Promise.resolve();
  expect(FakeRequest.sent).toHaveLength(0);
});

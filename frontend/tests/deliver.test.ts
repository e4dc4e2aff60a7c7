import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { deliver, SIGNED_OUT } from "../src/report/deliver";
import { FakeRequest, fakeRequests, settled } from "./fakes";

let page: string;
const bodyOf = (): FormData => new FormData(document.querySelector("form")!);
const token = (): string => document.querySelector<HTMLInputElement>("input")!.value;

beforeEach(() => {
  fakeRequests();
  document.body.dataset["user"] = "7";
  document.body.innerHTML = '<form><input name="csrfmiddlewaretoken" value="old"></form>';
  page = '<body data-user="7"><form><input name="csrfmiddlewaretoken" value="fresh"></form></body>';
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(page, { headers: { "Content-Type": "text/html" } })));
});
afterEach(() => vi.unstubAllGlobals());

test("the sign-in page in place of an answer is said, and what to do", async () => {
  const waiting = deliver("/x", bodyOf);
  FakeRequest.sent[0]!.answer(200, "<title>登录</title>");
  await expect(waiting).rejects.toThrow(SIGNED_OUT);
});

test("after signing in again in another tab the same press goes through with the new token", async () => {
  const waiting = deliver<{ ok: number }>("/x", bodyOf);
  FakeRequest.sent[0]!.answer(403, "<h1>CSRF</h1>");
  await vi.waitFor(() => expect(FakeRequest.sent).toHaveLength(2));
  expect(FakeRequest.sent[1]!.body.get("csrfmiddlewaretoken")).toBe("fresh");
  FakeRequest.sent[1]!.answer(200, { ok: 1 });
  expect(await waiting).toEqual({ ok: 1 });
});

test("nothing goes out under the name of another person who signed in meanwhile", async () => {
  page = page.replace('"7"', '"8"');
  const waiting = deliver("/x", bodyOf);
  FakeRequest.sent[0]!.answer(403, "<h1>CSRF</h1>");
  await expect(waiting).rejects.toThrow("另一个人");
  expect(FakeRequest.sent).toHaveLength(1);
  expect(token()).toBe("old");
});

test("a token that nobody can renew is the sign-in's fault", async () => {
  page = "<body><form></form></body>";
  const waiting = deliver("/x", bodyOf);
  FakeRequest.sent[0]!.answer(403, "<h1>CSRF</h1>");
  await expect(waiting).rejects.toThrow(SIGNED_OUT);
});

test("a refusal in JSON is not tried again", async () => {
  const waiting = deliver("/x", bodyOf);
  FakeRequest.sent[0]!.answer(403, { message: "不由您的岗位办理" });
  await expect(waiting).rejects.toThrow("不由您的岗位办理");
  await settled();
  expect(FakeRequest.sent).toHaveLength(1);
});

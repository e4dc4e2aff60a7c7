import { beforeEach, expect, test, vi } from "vitest";
import { NoAnswer, Refusal } from "../src/net";
import type { Place } from "../src/report/position";
import { type Item, Queue, type Receipt } from "../src/report/queue";
import { photo } from "./fakes";

const PLACE: Place = { lon: "124.4", lat: "41.2", accuracy_m: "8", no_position_reason: "", words: "" };
const got = (item: Item): Promise<Receipt> => Promise.resolve({ uuid: item.uuid, sha256: "0123456789abcdef" });
let send: ReturnType<typeof vi.fn<(item: Item) => Promise<Receipt>>>;
let queue: Queue;

function add(...names: string[]): Item[] {
  return names.map((name) => queue.add(photo(name), `uuid-${name}`, Promise.resolve(PLACE)));
}

beforeEach(() => {
  send = vi.fn(got);
  queue = new Queue(send, () => {});
});

test("photos go one by one and each has its receipt", async () => {
  const items = add("a", "b");
  expect(await queue.sendAll()).toBe(true);
  expect(items.map((item) => item.state)).toEqual(["got", "got"]);
  expect(items[0]!.words).toBe("✓ 已收到 · 回执 0123456789ab");
  expect(send).toHaveBeenCalledTimes(2);
});

test("what failed goes again under the same uuid, what arrived does not", async () => {
  const [first, second] = add("a", "b");
  send.mockImplementationOnce(() => Promise.reject(new NoAnswer("没有网，或连接断了")));
  await queue.sendAll();
  expect([first!.state, second!.state]).toEqual(["failed", "got"]);
  expect(first!.words).toBe("没有传上：没有网，或连接断了");
  await queue.sendAll();
  expect(send.mock.calls.map(([item]) => item.uuid)).toEqual(["uuid-a", "uuid-b", "uuid-a"]);
  expect(queue.failed).toBe(0);
});

test("after a failure the next photo starts", async () => {
  add("a", "b", "c");
  send.mockImplementation((item) => (item.uuid === "uuid-b" ? Promise.reject(new TypeError("x")) : got(item)));
  await queue.sendAll();
  expect(queue.items.map((item) => item.state)).toEqual(["got", "failed", "got"]);
});

test("signed out, the rest is not sent for nothing", async () => {
  add("a", "b");
  send.mockImplementationOnce(() => Promise.reject(new Refusal(401, "登录已过期")));
  await queue.sendAll();
  expect(send).toHaveBeenCalledTimes(1);
  expect(queue.items.map((item) => item.state)).toEqual(["failed", "waiting"]);
  await queue.sendAll();
  expect(queue.items.map((item) => item.state)).toEqual(["got", "got"]);
});

test("a photo chosen while another is on its way goes with it; pressing twice sends nothing twice", async () => {
  add("a");
  let arrive = (): void => {};
  send.mockImplementationOnce((item) => new Promise((resolve) => (arrive = () => resolve({ uuid: item.uuid }))));
  const running = queue.sendAll();
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(1));
  add("b");
  expect(await queue.sendAll()).toBe(false);
  arrive();
  expect(await running).toBe(true);
  expect(send.mock.calls.map(([item]) => item.uuid)).toEqual(["uuid-a", "uuid-b"]);
});

test("a photo waits for its own place before it is sent", async () => {
  let fix = (_: Place): void => {};
  const item = queue.add(photo(), "uuid", new Promise((resolve) => (fix = resolve)));
  const running = queue.sendAll();
  expect(item.words).toBe("正在定位…");
  await Promise.resolve();
  expect(send).not.toHaveBeenCalled();
  fix(PLACE);
  await running;
  expect(send.mock.calls[0]![0].place).toBe(PLACE);
});

test("an unsent photo can be taken out, one that is on its way or has arrived cannot", async () => {
  const [first, second] = add("a", "b");
  expect(queue.remove(first!)).toBe(true);
  await queue.sendAll();
  expect(send.mock.calls.map(([item]) => item.uuid)).toEqual(["uuid-b"]);
  expect(queue.remove(second!)).toBe(false);
});

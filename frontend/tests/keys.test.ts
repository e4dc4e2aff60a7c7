import { beforeAll, beforeEach, expect, test } from "vitest";
import { startKeys } from "../src/keys";

const OPEN = (key: number, value: string): string =>
  `<label class="opt"><input type="radio" name="decision" value="${value}"><span>${value}</span><kbd>${key}</kbd></label>`;
const CLOSED = (key: number, words: string): string =>
  `<p class="opt mut" aria-disabled="true"><span>${words}</span><kbd>${key}</kbd></p>`;

function desk(...options: string[]): void {
  document.body.innerHTML = `<form data-keys>${options.join("")}<textarea name="reason"></textarea>
    <button type="submit">办理</button></form><a href="#next" data-next>下一处</a>`;
}

function press(key: string, more: KeyboardEventInit = {}): void {
  const target = document.activeElement ?? document.body;
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}

function chosen(): string {
  return document.querySelector<HTMLInputElement>("input:checked")?.value ?? "";
}

beforeAll(() => startKeys());
beforeEach(() => (document.activeElement as HTMLElement | null)?.blur());

test("each digit chooses the option that shows it", () => {
  desk(OPEN(1, "recognise"), OPEN(2, "exclude"), OPEN(3, "return"));
  for (const [key, value] of [["3", "return"], ["1", "recognise"], ["2", "exclude"]] as const) {
    press(key);
    expect(chosen()).toBe(value);
  }
});

test("a closed option keeps its number: the others do not move up", () => {
  desk(CLOSED(1, "计入 1 处：报不属实"), OPEN(2, "exclude"), OPEN(3, "return"));
  press("1");
  expect(chosen()).toBe("");
  press("2");
  expect(chosen()).toBe("exclude");
  press("3");
  expect(chosen()).toBe("return");
});

test("the number on the screen rules, not the order of the options", () => {
  desk(OPEN(2, "exclude"), OPEN(1, "recognise"));
  press("1");
  expect(chosen()).toBe("recognise");
});

test("a digit that no option shows, a disabled radio and a digit with Shift or Ctrl choose nothing", () => {
  desk(OPEN(1, "recognise"), OPEN(2, "exclude"));
  document.querySelectorAll<HTMLInputElement>("input")[1]!.disabled = true;
  for (const key of ["2", "3", "9", "0"]) press(key);
  press("1", { ctrlKey: true });
  expect(chosen()).toBe("");
});

test("digits typed into the reason stay text", () => {
  desk(OPEN(1, "recognise"), OPEN(2, "exclude"));
  press("r");
  expect(document.activeElement?.tagName).toBe("TEXTAREA");
  press("2");
  expect(chosen()).toBe("");
});

test("the letters work with caps lock on, as they stand on the screen", () => {
  desk(OPEN(1, "recognise"));
  let followed = 0;
  document.querySelector("[data-next]")!.addEventListener("click", (event) => {
    event.preventDefault();
    followed += 1;
  });
  press("J");
  press("R");
  expect(followed).toBe(1);
  expect(document.activeElement?.tagName).toBe("TEXTAREA");
});

test("only Ctrl+Enter submits, and only what is chosen", () => {
  desk(OPEN(1, "recognise"));
  let submitted = 0;
  document.querySelector("form")!.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted += 1;
  });
  for (const key of ["1", "Enter", " "]) press(key);
  expect(submitted).toBe(0);
  press("Enter", { ctrlKey: true });
  expect(submitted).toBe(1);
});

import { all } from "./dom";
import { getJson } from "./net";

interface Progress {
  words: string;
  done: number;
  total: number;
  percent: number;
  over: boolean;
  silent: boolean;
}

const FIRST_MS = 1000;
const LONGEST_MS = 8000;

/** `data-progress="…json"`: asks how far an import is until it is over, then loads the page anew. */
export function startProgress(): void {
  for (const panel of all("[data-progress]")) void follow(panel, FIRST_MS, "");
}

async function follow(panel: HTMLElement, waitMs: number, before: string): Promise<void> {
  await new Promise((done) => setTimeout(done, waitMs));
  let said = before;
  try {
    const at = await getJson<Progress>(panel.getAttribute("data-progress") ?? "");
    if (at.over) {
      window.location.reload();
      return;
    }
    said = show(panel, at);
  } catch {
    // No network, or the server is restarting: asked again later, the words of before stay.
  }
  const next = said === before ? Math.min(waitMs * 2, LONGEST_MS) : FIRST_MS;
  void follow(panel, next, said);
}

function show(panel: HTMLElement, at: Progress): string {
  const count = at.total ? ` ${at.done.toLocaleString("zh-CN")} / ${at.total.toLocaleString("zh-CN")}` : "";
  const said = `${at.words}${count}${at.silent ? "（没有动静，稍后会有人接着做）" : ""}`;
  for (const words of all("[data-progress-words]", panel)) words.textContent = said;
  for (const bar of all<HTMLProgressElement>("progress", panel)) bar.value = at.percent;
  return said;
}

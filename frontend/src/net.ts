/** How long a server may take to answer, and an upload to stand still. A half-open line on a hill never ends by itself. */
export const ANSWER_MS = 60_000;
export const STALL_MS = 30_000;
/** What the phone has handed to its modem is not yet through: the answer may take so much longer for each byte, to a limit. */
const SLOWEST_BYTES_PER_MS = 8;
const MOST_EXTRA_MS = 60_000;

/** An answer that is not 2xx. `message` is the server's own words for people where it gave any. */
export class Refusal extends Error {
  readonly status: number;
  readonly fields: Record<string, string[]>;

  constructor(status: number, message: string, fields: Record<string, string[]> = {}) {
    super(message);
    // Compiled to es2017 classes, but bundlers may lower further: keep instanceof true.
    Object.setPrototypeOf(this, Refusal.prototype);
    this.status = status;
    this.fields = fields;
  }
}

/** Nothing came back: cut, or given up after the time limit. Whether the server has it is not known. */
export class NoAnswer extends Error {
  constructor(message: string) {
    super(message);
    Object.setPrototypeOf(this, NoAnswer.prototype);
  }
}

/** What came back for a POST; `isJson` is false for the pages of the server, of a proxy, and of the sign-in. */
export interface Answer {
  status: number;
  isJson: boolean;
  text: string;
  retryAfter: string;
}

interface ErrorBody {
  message?: string;
  detail?: string;
  fields?: Record<string, string[]>;
}

/** What a status means and what to do, for answers without words of their own. */
export function wordsFor(status: number, retryAfter = ""): string {
  if (status === 401 || status === 403) return "没有权限，或登录已过期";
  if (status === 404) return "没有这份数据，或不在您的辖区";
  if (status === 409) return "有人先改过，请刷新";
  if (status === 413) return "文件太大，服务器不收：请换一张小一点的照片";
  if (status === 429) return `办理太频繁：请${/^\d+$/.test(retryAfter) ? `过 ${retryAfter} 秒` : "过一会儿"}再点一次`;
  if (status >= 500) return `服务器出错（${status}）：请稍后再点一次`;
  return `服务器答复 ${status}`;
}

function parsed(text: string): ErrorBody {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** The JSON of a good answer; throws the Refusal of any other. */
export function read<T>(answer: Answer): T {
  if (answer.status >= 200 && answer.status < 300 && answer.isJson) return JSON.parse(answer.text) as T;
  const body = answer.isJson ? parsed(answer.text) : {};
  throw new Refusal(answer.status, body.message ?? body.detail ?? wordsFor(answer.status, answer.retryAfter), body.fields);
}

/** `work`, or NoAnswer after the time limit; the request itself is aborted where the browser can. */
async function within<T>(limitMs: number, work: (more: RequestInit) => Promise<T>): Promise<T> {
  const abort = "AbortController" in window ? new AbortController() : null;
  let timer = 0;
  const limit = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => {
      reject(new NoAnswer(`服务器 ${limitMs / 1000} 秒没有答复`));
      abort?.abort();
    }, limitMs);
  });
  try {
    return await Promise.race([work(abort ? { signal: abort.signal } : {}), limit]);
  } finally {
    window.clearTimeout(timer);
  }
}

function get(url: string, accept: string): Promise<Answer> {
  return within(ANSWER_MS, async (more) => {
    const response = await fetch(url, { credentials: "same-origin", headers: { Accept: accept }, ...more });
    const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
    return { status: response.status, isJson, text: await response.text(), retryAfter: response.headers.get("Retry-After") ?? "" };
  });
}

export async function getJson<T>(url: string): Promise<T> {
  return read<T>(await get(url, "application/json"));
}

/** A page of this site, with the cookies of now. */
export async function getPage(url: string): Promise<string> {
  return (await get(url, "text/html")).text;
}

/**
 * Posts a form and gives the answer, whatever it is. Throws NoAnswer when the line is cut, the upload stands still or no
 * answer comes. XMLHttpRequest, because fetch cannot tell a slow upload from a dead one.
 */
export function post(url: string, body: FormData): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let bytes = 0;
    let timer = 0;
    const wait = (limitMs: number, words: string): void => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        reject(new NoAnswer(words));
        request.abort();
      }, limitMs);
    };
    const over = (): void => window.clearTimeout(timer);
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.onprogress = (event) => {
      bytes = event.loaded;
      wait(STALL_MS, "网络断了，传不动");
    };
    request.upload.onload = () => wait(answerMs(bytes), "服务器没有答复");
    request.onload = () => {
      over();
      const isJson = (request.getResponseHeader("Content-Type") ?? "").includes("json");
      const retryAfter = request.getResponseHeader("Retry-After") ?? "";
      resolve({ status: request.status, isJson, text: request.responseText, retryAfter });
    };
    request.onerror = () => {
      over();
      reject(new NoAnswer("没有网，或连接断了"));
    };
    wait(ANSWER_MS, "没有连上服务器");
    request.send(body);
  });
}

/** How long to wait for the answer once `bytes` have left the page. */
export function answerMs(bytes: number): number {
  return ANSWER_MS + Math.min(bytes / SLOWEST_BYTES_PER_MS, MOST_EXTRA_MS);
}

/** What to tell a person. A failed fetch is a TypeError whose text is the browser's English. */
export function wordsOf(error: unknown): string {
  if (error instanceof Refusal || error instanceof NoAnswer) return error.message;
  return "没有网，或服务器没有答复";
}

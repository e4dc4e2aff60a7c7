/** An answer that is not 2xx. `message` is the server's own words for people where it gave any. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    // Compiled to es2017 classes, but bundlers may lower further: keep instanceof true.
    Object.setPrototypeOf(this, Refusal.prototype);
    this.status = status;
  }
}

function wordsFor(status: number): string {
  if (status === 401 || status === 403) return "没有权限，或登录已过期";
  if (status === 404) return "没有这份数据，或不在您的辖区";
  if (status === 409) return "有人先改过，请刷新";
  if (status === 413) return "文件太大";
  return `服务器答复 ${status}`;
}

interface ErrorBody {
  message?: string;
  detail?: string;
}

export async function readJson<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  let said = "";
  try {
    const body = (await response.json()) as ErrorBody;
    said = body.message ?? body.detail ?? "";
  } catch {
    said = "";
  }
  throw new Refusal(response.status, said || wordsFor(response.status));
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
  return readJson<T>(response);
}

/** What to tell a person. A failed fetch is a TypeError whose text is the browser's English. */
export function wordsOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  return "没有网，或服务器没有答复";
}

import { vi } from "vitest";

/** An XMLHttpRequest that does what a test says: `FakeRequest.sent` lists those on their way. */
export class FakeRequest {
  static sent: FakeRequest[] = [];
  readonly upload: { onprogress?: (event: { loaded: number }) => void; onload?: () => void } = {};
  onload?: () => void;
  onerror?: () => void;
  status = 0;
  responseText = "";
  aborted = false;
  url = "";
  body: FormData = new FormData();
  private headers: Record<string, string> = {};

  open(_method: string, url: string): void {
    this.url = url;
  }

  setRequestHeader(): void {}

  getResponseHeader(name: string): string | null {
    return this.headers[name] ?? null;
  }

  send(body: FormData): void {
    this.body = body;
    FakeRequest.sent.push(this);
  }

  abort(): void {
    this.aborted = true;
  }

  progress(bytes: number): void {
    this.upload.onprogress?.({ loaded: bytes });
  }

  answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
    const isText = typeof body === "string";
    this.headers = { "Content-Type": isText ? "text/html" : "application/json", ...headers };
    this.status = status;
    this.responseText = isText ? body : JSON.stringify(body);
    this.onload?.();
  }

  cut(): void {
    this.onerror?.();
  }
}

export function fakeRequests(): typeof FakeRequest {
  FakeRequest.sent = [];
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  return FakeRequest;
}

/** Lets promises that are already settled run on, without any time going by. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export interface FakeGeolocation {
  /** The device is there now: whoever follows hears of it. */
  move: (lon: number, lat: number, accuracy?: number) => void;
  /** What getCurrentPosition gives: a place, an error code, or nothing at all. */
  next: { lon: number; lat: number; accuracy: number } | number | null;
  asked: number;
}

/** A device whose position a test moves; `isSecure` false is a page of plain HTTP. */
export function fakeGeolocation(isSecure = true): FakeGeolocation {
  let watcher: ((position: unknown) => void) | null = null;
  const at = (lon: number, lat: number, accuracy: number): unknown => ({
    coords: { longitude: lon, latitude: lat, accuracy },
    timestamp: Date.now(),
  });
  const fake: FakeGeolocation = {
    move: (lon, lat, accuracy = 8) => watcher?.(at(lon, lat, accuracy)),
    next: null,
    asked: 0,
  };
  const errors = { PERMISSION_DENIED: 1, POSITION_UNAVAILABLE: 2, TIMEOUT: 3 };
  vi.stubGlobal("isSecureContext", isSecure);
  Object.defineProperty(window, "isSecureContext", { value: isSecure, configurable: true });
  Object.defineProperty(navigator, "geolocation", {
    configurable: true,
    value: {
      watchPosition: (moved: (position: unknown) => void): number => {
        watcher = moved;
        return 1;
      },
      clearWatch: () => (watcher = null),
      getCurrentPosition: (done: (position: unknown) => void, failed: (error: unknown) => void): void => {
        fake.asked += 1;
        if (typeof fake.next === "number") failed({ ...errors, code: fake.next });
        else if (fake.next) done(at(fake.next.lon, fake.next.lat, fake.next.accuracy));
      },
    },
  });
  return fake;
}

export function photo(name = "近景.jpg", takenAt: number = Date.now()): File {
  return new File(["jpeg"], name, { type: "image/jpeg", lastModified: takenAt });
}

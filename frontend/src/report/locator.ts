/** A measured position: WGS-84 degrees, metres, and when it was measured (milliseconds). */
export interface Fix {
  lon: number;
  lat: number;
  accuracyM: number;
  at: number;
}

/** Why there is no position. */
export interface NoFix {
  reason: string;
}

/** Older than this, a fix is of somewhere before: a new one is asked for. */
export const FRESH_MS = 20_000;
/** How long the shutter waits for a fix. */
export const ASK_MS = 15_000;
export const NOT_HTTPS = "不是 https 网址，浏览器不给定位";

export function isFix(place: Fix | NoFix): place is Fix {
  return "lon" in place;
}

export function reasonFor(error: GeolocationPositionError): string {
  if (error.code === error.PERMISSION_DENIED) return "没有允许定位";
  if (error.code === error.TIMEOUT) return "定位超时，请到开阔处再试";
  return "这台机器给不出位置";
}

/** Why this page can never locate, or "". */
export function obstacle(): string {
  if (!window.isSecureContext) return NOT_HTTPS;
  return "geolocation" in navigator ? "" : "这台机器不能定位";
}

/** The device's position: the last fix while it is fresh, else a new one. */
export class Locator {
  private latest: Fix | null = null;
  private watching: number | null = null;

  /** Follows the device; `moved` hears of each fix, `failed` of each reason why there is none. */
  follow(moved: (fix: Fix) => void, failed: (reason: string) => void): void {
    const never = obstacle();
    if (never) {
      failed(never);
      return;
    }
    this.watching = navigator.geolocation.watchPosition(
      (position) => moved(this.keep(position)),
      (error) => failed(reasonFor(error)),
      { enableHighAccuracy: true, timeout: 30_000, maximumAge: FRESH_MS },
    );
    window.addEventListener("pagehide", () => this.stop());
  }

  stop(): void {
    if (this.watching !== null) navigator.geolocation.clearWatch(this.watching);
    this.watching = null;
  }

  /** Where the device is at this moment: at once from a fresh fix, else asked for, for so long at most. Never rejects. */
  here(limitMs: number = ASK_MS): Promise<Fix | NoFix> {
    const never = obstacle();
    if (never) return Promise.resolve({ reason: never });
    if (this.latest && Date.now() - this.latest.at <= FRESH_MS) return Promise.resolve(this.latest);
    return new Promise((resolve) => {
      // The browser's own limit does not run while it asks for permission.
      const timer = window.setTimeout(() => resolve({ reason: `${limitMs / 1000} 秒内没有定到位` }), limitMs);
      const settle = (place: Fix | NoFix): void => {
        window.clearTimeout(timer);
        resolve(place);
      };
      navigator.geolocation.getCurrentPosition(
        (position) => settle(this.keep(position)),
        (error) => settle({ reason: reasonFor(error) }),
        { enableHighAccuracy: true, timeout: limitMs, maximumAge: FRESH_MS },
      );
    });
  }

  private keep(position: GeolocationPosition): Fix {
    const { longitude, latitude, accuracy } = position.coords;
    // A receiver's clock may be ahead of the phone's; a fix is never of the future.
    const fix = { lon: longitude, lat: latitude, accuracyM: accuracy, at: Math.min(position.timestamp, Date.now()) };
    if (!this.latest || fix.at >= this.latest.at) this.latest = fix;
    return fix;
  }
}

/** "41.211160, 124.377850 ±8 米" */
export function fixWords(fix: Fix): string {
  return `${fix.lat.toFixed(6)}°N ${fix.lon.toFixed(6)}°E ±${Math.round(fix.accuracyM)} 米`;
}

/** A version 4 UUID. Not crypto.randomUUID: old WebViews lack it, and browsers hide it outside HTTPS. */
export function uuid4(): string {
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => `0${byte.toString(16)}`.slice(-2)).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * The UUID of one file of one person for one destination, kept before anything is sent: choosing the same photo again
 * after a lost answer or a reload sends the same UUID, and the server gives the same receipt instead of a second photo.
 * A phone may be lent: what another person sends is another piece.
 */
export function uuidFor(user: string, destination: string, file: File): string {
  const key = `jinshao.up:${user}:${destination}:${file.name}:${file.size}:${file.lastModified}`;
  try {
    const known = localStorage.getItem(key);
    if (known) return known;
    const fresh = uuid4();
    localStorage.setItem(key, fresh);
    return fresh;
  } catch {
    // Storage may be off or full; a retry on this page still reuses the queue's own UUID.
    return uuid4();
  }
}

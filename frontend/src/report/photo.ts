const MAX_PIXELS = 12_000_000;
/** The server refuses less than this on the longer side. */
export const MIN_SIDE_PX = 640;
const JPEG_QUALITY = 0.9;

export interface Prepared {
  file: Blob;
  name: string;
  shrunk: boolean;
}

function decode(file: File): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(file);
    const image = new Image();
    image.onload = () => {
      URL.revokeObjectURL(url);
      resolve(image);
    };
    image.onerror = () => {
      URL.revokeObjectURL(url);
      reject(new Error("undecodable"));
    };
    image.src = url;
  });
}

function toJpeg(canvas: HTMLCanvasElement): Promise<Blob | null> {
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY));
}

/**
 * Shrinks a photo above 12 megapixels; everything else leaves as taken. Shrinking loses EXIF, so position and time
 * travel beside the photo. If the phone cannot decode or draw it, or gains nothing, the original goes.
 */
export async function prepare(file: File): Promise<Prepared> {
  const original: Prepared = { file, name: file.name, shrunk: false };
  let image: HTMLImageElement;
  try {
    image = await decode(file);
  } catch {
    return original;
  }
  const pixels = image.naturalWidth * image.naturalHeight;
  if (pixels <= MAX_PIXELS) return original;
  const scale = Math.sqrt(MAX_PIXELS / pixels);
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(image.naturalWidth * scale);
  canvas.height = Math.floor(image.naturalHeight * scale);
  const pen = canvas.getContext("2d");
  if (!pen) return original;
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await toJpeg(canvas);
  canvas.width = canvas.height = 0;
  if (!blob || blob.size >= file.size) return original;
  return { file: blob, name: file.name.replace(/\.[^.]*$/, "") + ".jpg", shrunk: true };
}

import { toApiError } from "@/api/errors";

/** Source is an object that can be shown, wherever its bytes are served. */
export type Source = { key: string; name: string; size: number; contentType: string; etag: string; address: string };

/** readRange reads bytes from..to of an object, to not included. */
export async function readRange(source: Source, from: number, to: number, signal?: AbortSignal): Promise<ArrayBuffer> {
  if (source.size === 0 || to <= from) return new ArrayBuffer(0);
  const response = await fetch(source.address, { headers: { Range: `bytes=${from}-${Math.min(to, source.size) - 1}` }, signal });
  if (!response.ok) throw await toApiError(response);
  return response.arrayBuffer();
}

/** wholeText decodes the beginning of a text, without half a character at its end. */
export function wholeText(bytes: ArrayBuffer, cut: boolean): string {
  const head = new Uint8Array(bytes);
  const utf16 = head[0] === 0xff && head[1] === 0xfe ? "utf-16le" : head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : undefined;
  return new TextDecoder(utf16 ?? "utf-8").decode(bytes, { stream: cut });
}

import { api, body, csrfHeaders } from "@/api/client";
import { ApiError, isStatus, toApiError } from "@/api/errors";
import type { UploadPart } from "@/api/types";
import { objectAddress } from "../queries";

export type Stored = { number: number; size: number; etag: string };
export type Target = { bucket: string; key: string };
/** Sending is a request on its way; what it resolves to is its answer. */
export type Sending<Answer = unknown> = { done: Promise<Answer>; abort: () => void };

/** What a key must hold for a file to take its place: nothing, or the object with this ETag. */
export type Expected = "nothing" | { etag: string };
/** There is what a key holds. */
export type There = { key: string; size: number; etag: string; modifiedAt: string };

/** Transport is what the queue sends with. */
export type Transport = {
  existing(bucket: string, keys: string[]): Promise<There[]>;
  /** Undefined expects nothing in particular. */
  whole(target: Target, file: Blob, expected: Expected | undefined, onSent: (bytes: number) => void): Sending;
  start(target: Target, contentType: string): Promise<string>;
  /** Undefined when there is no such upload any more. */
  stored(target: Target, id: string): Promise<Stored[] | undefined>;
  /** Resolves to the ETag of what was stored. */
  part(target: Target, id: string, number: number, piece: Blob, onSent: (bytes: number) => void): Sending<string>;
  complete(target: Target, id: string, size: number, parts: number, replace: boolean): Promise<void>;
  abort(target: Target, id: string): Promise<void>;
};

const expecting = (expected: Expected | undefined): Record<string, string> => {
  if (expected === undefined) return {};
  return expected === "nothing" ? { "If-None-Match": "*" } : { "If-Match": `"${expected.etag}"` };
};

export const http: Transport = {
  existing: async (bucket, keys) =>
    (await body(api.POST("/api/v1/buckets/{bucket}/existing", { params: { path: { bucket } }, body: { keys } }))).items,
  whole: (target, file, expected, onSent) =>
    send(
      objectAddress(target.bucket, target.key),
      { "Content-Type": file.type || "application/octet-stream", ...expecting(expected) },
      file,
      onSent,
    ),
  start: async ({ bucket, key }, contentType) =>
    (
      await body(
        api.POST("/api/v1/buckets/{bucket}/uploads", { params: { path: { bucket }, query: { key } }, body: { contentType } }),
      )
    ).id,
  stored: async ({ bucket, key }, upload) => {
    try {
      const call = api.GET("/api/v1/buckets/{bucket}/uploads/{upload}", { params: { path: { bucket, upload }, query: { key } } });
      return (await body(call)).parts;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  },
  part: ({ bucket, key }, id, number, piece, onSent) => {
    const { done, abort } = send(
      `/api/v1/buckets/${encodeURIComponent(bucket)}/uploads/${encodeURIComponent(id)}/parts/${number}?${new URLSearchParams({ key })}`,
      { "Content-Type": "application/octet-stream" },
      piece,
      onSent,
    );
    return { done: done.then((answer) => (JSON.parse(answer) as UploadPart).etag), abort };
  },
  complete: async ({ bucket, key }, upload, size, parts, replace) => {
    await api.POST("/api/v1/buckets/{bucket}/uploads/{upload}/complete", {
      params: { path: { bucket, upload }, query: { key } },
      body: { size, parts, replace },
    });
  },
  abort: async ({ bucket, key }, upload) => {
    await api.DELETE("/api/v1/buckets/{bucket}/uploads/{upload}", { params: { path: { bucket, upload }, query: { key } } });
  },
};

/** send uses XMLHttpRequest because fetch does not tell how much has been sent. */
export function send(address: string, headers: Record<string, string>, content: Blob, onSent: (bytes: number) => void): Sending<string> {
  const request = new XMLHttpRequest();
  const done = new Promise<string>((resolve, reject) => {
    request.open("PUT", address);
    for (const [name, value] of Object.entries({ ...headers, ...csrfHeaders() })) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        onSent(content.size);
        resolve(request.responseText);
      } else void toApiError(new Response(request.responseText, { status: request.status })).then(reject);
    };
    request.onerror = () => reject(new ApiError(0, "network", ""));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.send(content);
  });
  return { done, abort: () => request.abort() };
}

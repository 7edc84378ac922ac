import type { ObjectInfo } from "@/api/types";

/** Entry is one line of a folder: a subfolder or an object. */
export type Entry =
  | { kind: "folder"; name: string; key: string }
  | { kind: "object"; name: string; key: string; object: ObjectInfo };

type Page = { items: ObjectInfo[]; prefixes: string[] };

/** entriesOf merges a folder's pages: folders first, then objects; the folder's own marker is left out. */
export function entriesOf(pages: Page[], prefix: string): Entry[] {
  const folders = pages.flatMap((page) => page.prefixes ?? []);
  const objects = pages.flatMap((page) => page.items ?? []);
  return [
    ...folders.map((key): Entry => ({ kind: "folder", key, name: key.slice(prefix.length).replace(/\/$/, "") })),
    ...objects
      .filter((object) => object.key !== prefix)
      .map((object): Entry => ({ kind: "object", key: object.key, name: object.key.slice(prefix.length), object })),
  ];
}

/** crumbsOf splits a prefix into the folders on the way to it. */
export function crumbsOf(prefix: string): { name: string; prefix: string }[] {
  const parts = prefix.split("/").slice(0, -1);
  return parts.map((name, index) => ({ name, prefix: `${parts.slice(0, index + 1).join("/")}/` }));
}

export type PreviewKind = "image" | "audio" | "video" | "pdf" | "text";

/** previewOf says how an object can be shown; nothing that could run a script is. */
export function previewOf(object: ObjectInfo): PreviewKind | undefined {
  const type = (object.contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (type === "image/svg+xml") return "text";
  if (type.startsWith("image/")) return "image";
  if (type.startsWith("audio/")) return "audio";
  if (type.startsWith("video/")) return "video";
  if (type === "application/pdf") return "pdf";
  if (type.startsWith("text/") || /^application\/(json|xml|x-yaml|yaml|toml|javascript|x-sh)/.test(type)) return "text";
  if (/\.(md|txt|log|json|ya?ml|toml|csv|xml|sh|go|ts|tsx|js|css|sql|ini|conf)$/i.test(object.key)) return "text";
  return undefined;
}

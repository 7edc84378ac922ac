import type { ObjectInfo } from "@/api/types";

/** Entry is one line of a folder: a subfolder or an object. */
export type Entry =
  | { kind: "folder"; name: string; key: string }
  | { kind: "object"; name: string; key: string; object: ObjectInfo };

type Page = { items: ObjectInfo[]; prefixes: string[] };

/** compareKeys is the order of the store: that of the keys' UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for what sorts above the rest of the code units.
    const high = (unit: number) => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x2800 : unit);
    return high(x) - high(y);
  }
  return a.length - b.length;
}

/** entriesOf is one page in the order of its keys; the folder's own marker is left out. */
export function entriesOf(page: Page, prefix: string): Entry[] {
  const folders = page.prefixes.map(
    (key): Entry => ({ kind: "folder", key, name: key.slice(prefix.length).replace(/\/$/, "") }),
  );
  const objects = page.items
    .filter((object) => object.key !== prefix)
    .map((object): Entry => ({ kind: "object", key: object.key, name: object.key.slice(prefix.length), object }));
  return [...folders, ...objects].sort((a, b) => compareKeys(a.key, b.key));
}

/** crumbsOf splits a prefix into the folders on the way to it. */
export function crumbsOf(prefix: string): { name: string; prefix: string }[] {
  const parts = prefix.split("/").slice(0, -1);
  return parts.map((name, index) => ({ name, prefix: `${parts.slice(0, index + 1).join("/")}/` }));
}

export type PreviewKind = "image" | "audio" | "video" | "pdf" | "text" | "table" | "parquet" | "zip";

const textual =
  /\.(md|markdown|txt|log|jsonl?|ndjson|ya?ml|toml|xml|sh|bash|zsh|go|mod|sum|tsx?|jsx?|mjs|cjs|css|scss|sql|ini|conf|cfg|env|py|rb|rs|java|kt|c|h|cc|cpp|hpp|cs|php|lua|pl|r|swift|gradle|properties|diff|patch|tex|vue|html?|proto|graphql|tf)$|(^|\/)(dockerfile|makefile|license|readme|\.gitignore|\.env)$/i;

/** previewOf says how an object can be shown; nothing that could run a script is run. */
export function previewOf(object: { key: string; contentType: string }): PreviewKind | undefined {
  const type = (object.contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (/\.(csv|tsv)$/i.test(object.key) || type === "text/csv" || type === "text/tab-separated-values") return "table";
  if (/\.parquet$/i.test(object.key) || type === "application/vnd.apache.parquet") return "parquet";
  if (/\.(zip|jar|war|whl|apk|docx|xlsx|pptx|epub)$/i.test(object.key) || type === "application/zip") return "zip";
  if (type.startsWith("image/")) return "image"; // in an img, where an SVG's scripts do not run
  if (type.startsWith("audio/")) return "audio";
  if (type.startsWith("video/")) return "video";
  if (type === "application/pdf") return "pdf";
  if (type.startsWith("text/") || /^application\/(json|xml|x-yaml|yaml|toml|javascript|x-sh|sql)/.test(type)) return "text";
  if (textual.test(object.key)) return "text";
  return undefined;
}

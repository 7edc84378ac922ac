import type { S3Request } from "@/api/types";

/** A line of the log as the table shows it: its id tells lines of one request apart. */
export type S3Line = S3Request & { id: string };

/** linesOf joins the pages. A request with many keys is several lines with one request ID. */
export function linesOf(pages: readonly { items: S3Request[] }[]): S3Line[] {
  return pages.flatMap((page, number) =>
    page.items.map((request, index) => ({ ...request, id: `${number}.${index}.${request.requestId}` })),
  );
}

/** objectOf names what a request was about: a bucket, an object, or how many of a bucket's. */
export function objectOf(request: S3Request): { name: string; more: number } {
  const [first, ...others] = request.key ? [request.key] : request.keys;
  return { name: first === undefined ? request.bucket : `${request.bucket}/${first}`, more: others.length };
}

/** formatTook shows milliseconds as people compare them: 0.4 ms, 12 ms, 3.2 s. */
export function formatTook(milliseconds: number, locale: string): string {
  const long = milliseconds >= 1000;
  const value = long ? milliseconds / 1000 : milliseconds;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: long ? "second" : "millisecond",
    unitDisplay: "short",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

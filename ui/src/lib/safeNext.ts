/**
 * safeNext returns where to go after the login if that is an address of this console. A link could
 * otherwise send people to a copy of it elsewhere: "//host" and "/\host" are addresses of others.
 */
export function safeNext(value: unknown): string | undefined {
  if (typeof value !== "string" || !value.startsWith("/")) return undefined;
  const base = "http://croft.invalid";
  try {
    const url = new URL(value, base);
    return url.origin === base ? url.pathname + url.search + url.hash : undefined;
  } catch {
    return undefined;
  }
}

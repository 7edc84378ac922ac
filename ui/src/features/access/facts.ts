/** factsOf reads lines of "key = value"; a key that comes again has another value. wrong is the first line that is none. */
export function factsOf(text: string): { facts: Record<string, string[]>; wrong?: number } {
  const facts: Record<string, string[]> = {};
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const found = /^\s*([a-z][a-z0-9]*:[^=]+?)\s*=\s*(.*?)\s*$/i.exec(line);
    if (!found) return { facts: {}, wrong: index + 1 };
    (facts[found[1] ?? ""] ??= []).push(found[2] ?? "");
  }
  return { facts };
}

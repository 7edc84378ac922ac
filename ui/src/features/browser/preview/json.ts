/** prettyJson indents JSON, if it can be said so that nothing but white space differs: numbers of many digits cannot. */
export function prettyJson(text: string): string | undefined {
  try {
    const pretty = JSON.stringify(JSON.parse(text), undefined, 2);
    const bare = (json: string) => json.replace(/\s+/g, "");
    return bare(pretty) === bare(text) ? pretty : undefined;
  } catch {
    return undefined;
  }
}

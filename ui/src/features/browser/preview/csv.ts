/** separatorOf guesses what stands between the cells, from the first line. */
export function separatorOf(text: string): string {
  const line = text.slice(0, (text.indexOf("\n") + 1 || text.length + 1) - 1);
  let best = ",";
  let most = 0;
  for (const candidate of [",", ";", "\t", "|"]) {
    const count = line.split(candidate).length;
    if (count > most) {
      best = candidate;
      most = count;
    }
  }
  return best;
}

/**
 * parseTable reads rows of cells as RFC 4180 has them: quoted cells may hold separators, line ends
 * and doubled quotes. A last line that was cut off is left out.
 */
export function parseTable(text: string, separator: string, mostRows: number, cut: boolean): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length && rows.length < mostRows) {
    let cell = "";
    if (text[at] === '"') {
      for (at++; ; ) {
        const quote = text.indexOf('"', at);
        if (quote < 0) {
          cell += text.slice(at);
          at = text.length;
          break;
        }
        cell += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at++;
      }
    }
    const start = at;
    while (at < text.length && text[at] !== separator && text[at] !== "\n") at++;
    cell += text.slice(start, at).replace(/\r$/, "");
    row.push(cell);
    if (at >= text.length) {
      if (!cut) rows.push(row);
      return rows;
    }
    if (text[at] === "\n") {
      rows.push(row);
      row = [];
    } else if (at + 1 >= text.length && !cut) row.push("");
    at++;
  }
  if (row.length > 0 && !cut && rows.length < mostRows) rows.push(row);
  return rows;
}

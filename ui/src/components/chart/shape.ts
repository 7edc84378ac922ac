import type { Series } from "./TimeChart";

/** stacked are the upper edges of series that stand on each other. */
export function stacked(series: Series[], count: number): number[][] {
  const top = new Array<number>(count).fill(0);
  return series.map((one) => {
    for (let i = 0; i < count; i++) top[i] = (top[i] ?? 0) + (one.values[i] ?? 0);
    return [...top];
  });
}

const number = (n: number) => n.toFixed(1).replace(/\.0$/, "");

/** barsPath draws all bars of a series, from one edge to another. */
export function barsPath(lower: number[], upper: number[], x: (i: number) => number, width: number, y: (v: number) => number): string {
  let path = "";
  upper.forEach((to, i) => {
    const from = lower[i] ?? 0;
    if (to <= from) return;
    const top = y(to);
    path += `M${number(x(i))} ${number(top)}h${number(width)}v${number(Math.max(1, y(from) - top))}h${number(-width)}z`;
  });
  return path;
}

/** linePath draws a line through the middles of steps. */
export function linePath(values: number[], x: (i: number) => number, y: (v: number) => number): string {
  return values.map((value, i) => `${i === 0 ? "M" : "L"}${number(x(i))} ${number(y(value))}`).join("");
}

import { useEffect, useId, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { niceTicks, timeTicks, type Every, type Unit } from "./scale";
import { barsPath, linePath, stacked } from "./shape";
import s from "./TimeChart.module.css";

export type Series = { id: string; label: string; values: number[]; color: 1 | 2 | 3 | 4 | 5 };

type TimeChartProps = {
  title: string;
  /** When each step begins, in milliseconds, and how long steps are. */
  at: number[];
  step: number;
  series: Series[];
  /** bars stand on each other, lines beside. */
  shape: "bars" | "lines";
  unit: Unit;
  format: (value: number) => string;
  /** A value that is marked with a line, if it is within sight. */
  limit?: { value: number; label: string };
  marks: (width: number) => Every;
  formatMark: (at: Date) => string;
  formatStep: (from: Date, to: Date) => string;
};

const top = 10;
const bottom = 24;

/** TimeChart draws what happened step by step; its values can be had by pointer, by arrow keys and as a table. */
export function TimeChart(props: TimeChartProps) {
  const { title, at, step, series, shape, unit, format, limit, marks, formatMark, formatStep } = props;
  const { t } = useTranslation();
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(560);
  const [chosen, setChosen] = useState<number>();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.max(240, entry.contentRect.width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const count = at.length;
  const height = width < 480 ? 180 : 208;
  const edges = shape === "bars" ? stacked(series, count) : series.map((one) => one.values);
  const most = Math.max(0, ...edges.flat());
  const near = limit && limit.value > 0 && most >= limit.value * 0.3;
  const ticks = niceTicks(near ? Math.max(most, limit.value) : most, unit);
  const labels = ticks.map(format);
  const left = Math.max(...labels.map((label) => label.length)) * 7 + 10;
  const right = 10;
  const ceiling = ticks.at(-1) ?? 1;
  const begin = at[0] ?? 0;
  const end = (at.at(-1) ?? 0) + step;
  const place = (time: number) => left + ((time - begin) / (end - begin)) * (width - left - right);
  const named = timeTicks(new Date(begin), new Date(end), marks(width)).filter((tick) => {
    const x = place(tick.getTime());
    return x >= left + 16 && x <= width - 20; // else it would be cut off
  });
  const y = (value: number) => top + (1 - value / ceiling) * (height - top - bottom);
  const wide = (width - left - right) / count;
  const middle = (i: number) => left + (i + 0.5) * wide;
  const gap = wide > 6 ? 2 : wide > 3 ? 1 : 0;
  const spell = (i: number) => formatStep(new Date(at[i] ?? 0), new Date((at[i] ?? 0) + step));

  const choose = (i: number | undefined) => setChosen(i === undefined ? undefined : Math.min(count - 1, Math.max(0, i)));
  const onPointer = (event: PointerEvent<HTMLDivElement>) =>
    choose(Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left - left) / wide));
  const onKey = (event: KeyboardEvent) => {
    const now = chosen ?? count - 1;
    const to: Record<string, number | undefined> = {
      ArrowLeft: now - 1,
      ArrowRight: now + 1,
      PageUp: now - Math.ceil(count / 10),
      PageDown: now + Math.ceil(count / 10),
      Home: 0,
      End: count - 1,
    };
    if (event.key === "Escape") choose(undefined);
    else if (event.key in to) {
      event.preventDefault();
      choose(to[event.key]);
    }
  };
  const seen = chosen !== undefined && chosen < count ? chosen : undefined;
  const read = seen ?? count - 1;
  const values = series.map((one) => `${one.label} ${format(one.values[read] ?? 0)}`).join(", ");
  return (
    <figure className={s.chart} aria-labelledby={id}>
      <figcaption className={s.head}>
        <h2 id={id}>{title}</h2>
        {series.length > 1 && (
          <ul className={s.legend}>
            {series.map((one) => (
              <li key={one.id}>
                <span className={s.swatch} data-color={one.color} aria-hidden />
                {one.label}
              </li>
            ))}
          </ul>
        )}
      </figcaption>
      <div
        ref={frame}
        className={s.frame}
        role="slider"
        tabIndex={0}
        aria-labelledby={id}
        aria-roledescription={t("chart.role")}
        aria-valuemin={0}
        aria-valuemax={count - 1}
        aria-valuenow={read}
        aria-valuetext={`${spell(read)}: ${values}`}
        onPointerMove={onPointer}
        onPointerDown={onPointer}
        onPointerLeave={() => choose(undefined)}
        onFocus={(event) => event.currentTarget.matches(":focus-visible") && choose(count - 1)}
        onBlur={() => choose(undefined)}
        onKeyDown={onKey}
      >
        <svg width={width} height={height} aria-hidden>
          {ticks.map((tick, i) => (
            <g key={tick}>
              <line className={s.grid} x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
              <text className={s.label} x={left - 8} y={y(tick)} textAnchor="end" dominantBaseline="middle">
                {labels[i]}
              </text>
            </g>
          ))}
          {named.map((tick) => (
            <text key={tick.getTime()} className={s.label} x={place(tick.getTime())} y={height - 7} textAnchor="middle">
              {formatMark(tick)}
            </text>
          ))}
          {named.length === 0 && // the time is shorter than what lies between two marks
            [begin, end].map((time) => (
              <text key={time} className={s.label} x={place(time)} y={height - 7} textAnchor={time === begin ? "start" : "end"}>
                {formatMark(new Date(time))}
              </text>
            ))}
          {shape === "bars"
            ? series.map((one, i) => (
                <path
                  key={one.id}
                  className={s.bars}
                  data-color={one.color}
                  d={barsPath(edges[i - 1] ?? [], edges[i] ?? [], (j) => left + j * wide + gap / 2, wide - gap, y)}
                />
              ))
            : series.map((one) => <Line key={one.id} series={one} x={middle} y={y} filled={series.length === 1} />)}
          {near && (
            <>
              <line className={s.limit} x1={left} x2={width - right} y1={y(limit.value)} y2={y(limit.value)} />
              <text className={s.limitLabel} x={width - right} y={y(limit.value) - 5} textAnchor="end">
                {limit.label}
              </text>
            </>
          )}
          {seen !== undefined && <line className={s.cursor} x1={middle(seen)} x2={middle(seen)} y1={top} y2={height - bottom} />}
          {seen !== undefined &&
            shape === "lines" &&
            series.map((one) => (
              <circle key={one.id} className={s.dot} data-color={one.color} cx={middle(seen)} cy={y(one.values[seen] ?? 0)} r={4} />
            ))}
        </svg>
        {seen !== undefined && (
          <div className={s.tip} aria-hidden style={middle(seen) > width / 2 ? { right: width - middle(seen) + 10 } : { left: middle(seen) + 10 }}>
            <b>{spell(seen)}</b>
            {series.map((one) => (
              <span key={one.id}>
                <i className={s.swatch} data-color={one.color} />
                {one.label}
                <em>{format(one.values[seen] ?? 0)}</em>
              </span>
            ))}
          </div>
        )}
      </div>
      <details className={s.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("chart.table")}</summary>
        {open && (
          <div className={s.scroll} tabIndex={0} role="region" aria-label={title}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("chart.time")}</th>
                  {series.map((one) => (
                    <th key={one.id} scope="col">
                      {one.label}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {at
                  .map((_, i) => count - 1 - i)
                  .map((i) => (
                    <tr key={i}>
                      <th scope="row">{spell(i)}</th>
                      {series.map((one) => (
                        <td key={one.id}>{format(one.values[i] ?? 0)}</td>
                      ))}
                    </tr>
                  ))}
              </tbody>
            </table>
          </div>
        )}
      </details>
    </figure>
  );
}

function Line({ series, x, y, filled }: { series: Series; x: (i: number) => number; y: (v: number) => number; filled: boolean }) {
  const line = linePath(series.values, x, y);
  const last = series.values.length - 1;
  return (
    <>
      {filled && last > 0 && <path className={s.area} data-color={series.color} d={`${line}L${x(last)} ${y(0)}L${x(0)} ${y(0)}z`} />}
      <path className={s.line} data-color={series.color} d={line} />
      {last === 0 && <circle className={s.dot} data-color={series.color} cx={x(0)} cy={y(series.values[0] ?? 0)} r={3} />}
    </>
  );
}

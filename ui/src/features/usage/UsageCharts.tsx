import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { UsageHistory, UsagePoint, UsageRange } from "@/api/types";
import { Alert, Progress, TimeChart, type Series } from "@/components";
import { formatBytes, formatDate, formatGrowth, formatNumber } from "@/lib/format";
import { formatMark, formatStep, marksOf } from "./range";
import s from "./Usage.module.css";

const held = (point: { bytes: number; unfinished: number }) => point.bytes + point.unfinished;
const asked = (p: UsagePoint) => p.reads + p.writes + p.lists + p.deletes + p.others;

/** UsageCharts shows what was held and asked for: the figures of the range, and how they came about. */
export function UsageCharts({ history, range }: { history: UsageHistory; range: UsageRange }) {
  const { t } = useTranslation("usage");
  const { points, now, quota, counted } = history;
  const sum = (of: (p: UsagePoint) => number) => points.reduce((total, p) => total + of(p), 0);
  const first = points[0];
  const growth = first ? held(now) - held(first) : 0;
  const series = (id: string, color: Series["color"], of: (p: UsagePoint) => number): Series => ({
    id,
    color,
    label: t(`series.${id}`),
    values: points.map(of),
  });
  const shared = {
    at: points.map((p) => new Date(p.at).getTime()),
    step: history.step * 1000,
    marks: marksOf(range),
    formatMark: (at: Date) => formatMark(range, at),
    formatStep: (from: Date, to: Date) => formatStep(range, from, to),
  };
  const requests = sum(asked);
  const errors = sum((p) => p.refused + p.failed);
  const young = new Date(history.since).getTime() > Date.now() - spans[range];
  return (
    <div className={s.page}>
      {!counted && <Alert>{t("uncounted")}</Alert>}
      <dl className={s.figures}>
        {counted && (
          <>
            <Figure
              name={t("size")}
              more={young ? undefined : t("grown", { bytes: formatGrowth(growth) })}
            >
              {formatBytes(held(now))}
            </Figure>
            <Figure name={t("objects")} more={t("older", { count: now.versions, number: formatNumber(now.versions) })}>
              {formatNumber(now.objects)}
            </Figure>
          </>
        )}
        <Figure name={t("requests")} more={t("errors", { count: errors, number: formatNumber(errors) })}>
          {formatNumber(requests)}
        </Figure>
        <Figure name={t("sent")} more={t("received", { bytes: formatBytes(sum((p) => p.received)) })}>
          {formatBytes(sum((p) => p.sent))}
        </Figure>
      </dl>
      {counted && quota > 0 && (
        <div className={s.quota}>
          <Progress
            value={held(now)}
            max={quota}
            label={t("quota")}
            tone={held(now) >= quota ? "danger" : held(now) > quota * 0.9 ? "warn" : undefined}
          />
          <small>{t("quotaOf", { used: formatBytes(held(now)), quota: formatBytes(quota) })}</small>
        </div>
      )}
      <div className={s.charts}>
        {counted && (
          <>
            <TimeChart
              {...shared}
              title={t("chart.size")}
              shape="lines"
              unit="bytes"
              format={formatBytes}
              limit={quota > 0 ? { value: quota, label: t("quotaLine", { quota: formatBytes(quota) }) } : undefined}
              series={[series("size", 2, held)]}
            />
            <TimeChart
              {...shared}
              title={t("chart.objects")}
              shape="lines"
              unit="number"
              format={formatNumber}
              series={[series("objects", 1, (p) => p.objects), series("versions", 3, (p) => p.versions)]}
            />
          </>
        )}
        <TimeChart
          {...shared}
          title={t("chart.requests")}
          shape="bars"
          unit="number"
          format={formatNumber}
          series={[
            series("reads", 1, (p) => p.reads),
            series("writes", 2, (p) => p.writes),
            series("lists", 3, (p) => p.lists),
            series("deletes", 4, (p) => p.deletes),
            series("others", 5, (p) => p.others),
          ]}
        />
        <TimeChart
          {...shared}
          title={t("chart.traffic")}
          shape="bars"
          unit="bytes"
          format={formatBytes}
          series={[series("sent", 1, (p) => p.sent), series("received", 2, (p) => p.received)]}
        />
        <TimeChart
          {...shared}
          title={t("chart.errors")}
          shape="bars"
          unit="number"
          format={formatNumber}
          series={[series("refused", 3, (p) => p.refused), series("failed", 4, (p) => p.failed)]}
        />
      </div>
      <p className={s.note}>
        {t("note")} {young && t("since", { date: formatDate(history.since) })} {range === "year" && t("utc")}
      </p>
    </div>
  );
}

const day = 24 * 3600 * 1000;
const spans: Record<UsageRange, number> = { day, week: 7 * day, month: 30 * day, year: 365 * day };

function Figure({ name, more, children }: { name: string; more?: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {more && <small>{more}</small>}
      </dd>
    </div>
  );
}

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Card, ProblemText, Skeleton, StatusDot } from "@/components";
import { eventsQuery, inventoryQuery, lifecycleQuery, replicationQuery } from "./queries";
import { eventsStanding, inventoryStanding, lifecycleStanding, replicationStanding, type Standing } from "./status";
import s from "./StatusCard.module.css";

type StatusCardProps = {
  bucket: string;
  /** Where a bucket is copied to is for those to know who may change it. */
  mayChange: boolean;
};

/** StatusCard says in a line each how events, lifecycle, replication and inventory of a bucket are. */
export function StatusCard({ bucket, mayChange }: StatusCardProps) {
  const { t } = useTranslation("status");
  const params = { bucket };
  const copies = useQuery({ ...replicationQuery(bucket), enabled: mayChange });
  return (
    <Card title={t("title")} description={t("description")}>
      <ul className={s.lines}>
        <Line query={useQuery(eventsQuery(bucket))} say={(events) => eventsStanding(t, events)}>
          <Link to="/buckets/$bucket/events" params={params}>
            {t("events:title")}
          </Link>
        </Line>
        {mayChange && (
          <Line query={copies} say={(rules) => replicationStanding(t, rules)}>
            <Link to="/buckets/$bucket/replication" params={params}>
              {t("replication:title")}
            </Link>
          </Line>
        )}
        <Line query={useQuery(lifecycleQuery(bucket))} say={(lifecycle) => lifecycleStanding(t, lifecycle)}>
          <Link to="/buckets/$bucket/lifecycle" params={params}>
            {t("lifecycle:title")}
          </Link>
        </Line>
        <Line query={useQuery(inventoryQuery(bucket))} say={(inventory) => inventoryStanding(t, inventory)}>
          <Link to="/buckets/$bucket/inventory" params={params}>
            {t("inventory:title")}
          </Link>
        </Line>
      </ul>
    </Card>
  );
}

type LineProps<T> = { query: UseQueryResult<T>; say: (data: T) => Standing | undefined; children: ReactNode };

/** Line links to the page and says how it is there; nothing where the store has no such page. */
function Line<T>({ query, say, children }: LineProps<T>) {
  const { t } = useTranslation("status");
  const standing = query.data === undefined ? undefined : say(query.data);
  if (query.data !== undefined && !standing) return null;
  return (
    <li>
      <StatusDot tone={query.isError && !standing ? "danger" : standing?.tone} />
      <b>{children}</b>
      <div className={s.text}>
        {standing ? standing.text : query.isError ? t("unknown") : <Skeleton width="60%" />}
        {standing?.problem && (
          <p className={s.problem}>
            <ProblemText of={standing.problem} />
          </p>
        )}
      </div>
    </li>
  );
}

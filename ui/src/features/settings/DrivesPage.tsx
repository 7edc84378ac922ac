import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { drivesQuery } from "@/api/queries";
import type { DrivesHealth } from "@/api/types";
import { Alert, Card, QueryView, Skeleton } from "@/components";
import { setsOf, summarize, type SetSummary } from "@/lib/drives";
import { formatBytes } from "@/lib/format";
import { Pools } from "./Pools";
import { ScrubCard } from "./ScrubCard";
import { TargetHealth } from "./TargetHealth";
import s from "./Settings.module.css";

export function DrivesPage() {
  const drives = useQuery({
    ...drivesQuery,
    refetchInterval: (query) => (query.state.data && changes(query.state.data) ? 2_000 : 10_000),
  });
  return (
    <QueryView query={drives} skeleton={<DrivesSkeleton />}>
      {(health) =>
        health.target ? (
          <TargetHealth target={health.target} />
        ) : (
          <div className={s.layout}>
            <Verdict health={health} />
            <Figures health={health} />
            <Pools health={health} />
            <ScrubCard health={health} />
            <Explanation health={health} />
          </div>
        )
      }
    </QueryView>
  );
}

/** changes tells whether something is going on that is worth watching. */
function changes(health: DrivesHealth): boolean {
  return (
    health.scrub.running ||
    health.scrub.asked ||
    health.pools.some(({ state }) => state === "draining") ||
    health.drives.some((drive) => drive.healing)
  );
}

/** Verdict says in one sentence how things stand and what to do. */
function Verdict({ health }: { health: DrivesHealth }) {
  const { t } = useTranslation("settings");
  const { ok, healing, total, readable, sets } = summarize(health);
  const down = total - ok - healing;
  if (!readable) {
    return (
      <Alert tone="danger" title={t("drives.unreadable")}>
        <Short sets={sets.filter((set) => !set.readable)} message="unreadableBody" />
      </Alert>
    );
  }
  if (health.problem) {
    return (
      <Alert tone="danger" title={t("drives.problem")}>
        {health.problem}
      </Alert>
    );
  }
  if (!health.writable) {
    return (
      <Alert tone="danger" title={t("drives.readOnly")}>
        <Short sets={sets.filter((set) => !set.writable)} message="readOnlyBody" />
      </Alert>
    );
  }
  if (down > 0) {
    return (
      <Alert tone="warn" title={t("drives.degraded", { count: down })}>
        {t("drives.degradedBody")}
      </Alert>
    );
  }
  if (healing > 0) {
    return (
      <Alert tone="info" title={t("drives.healing", { count: healing })}>
        {t("drives.healingBody")}
      </Alert>
    );
  }
  return (
    <Alert tone="ok" title={t("drives.fine")}>
      {sets.length > 1 ? t("drives.fineSets") : t("drives.fineBody", { count: health.parity })}
    </Alert>
  );
}

/** Short says of sets how many drives answer and how many that takes. */
function Short({ sets, message }: { sets: SetSummary[]; message: "unreadableBody" | "readOnlyBody" }) {
  const { t } = useTranslation("settings");
  return sets.map(({ pool, set, ok, readQuorum, writeQuorum }) => (
    <div key={`${pool}.${set}`}>
      {pool > 0 && `${t("drives.set", { pool, set })}: `}
      {t(`drives.${message}`, { ok, needed: message === "unreadableBody" ? readQuorum : writeQuorum })}
    </div>
  ));
}

function Figures({ health }: { health: DrivesHealth }) {
  const { t } = useTranslation("settings");
  const { ok, total, used, size, spareForReads } = summarize(health);
  return (
    <dl className={s.figures}>
      <div>
        <dt>{t("drives.answering")}</dt>
        <dd>{t("drives.of", { ok, total })}</dd>
      </div>
      <div>
        <dt>{t("drives.mayFail")}</dt>
        <dd>{Math.max(0, spareForReads)}</dd>
      </div>
      <div>
        <dt>{t("drives.used")}</dt>
        <dd>{formatBytes(used)}</dd>
      </div>
      <div>
        <dt>{t("drives.free")}</dt>
        <dd>{formatBytes(size - used)}</dd>
      </div>
    </dl>
  );
}

/** Explanation turns shards and quorums into what they mean for this team. */
function Explanation({ health }: { health: DrivesHealth }) {
  const { t } = useTranslation("settings");
  const total = health.dataShards + health.parityShards;
  const divided = setsOf(health).length > 1;
  return (
    <Card title={t("drives.how")}>
      <div className={s.steps}>
        {health.parityShards === 0 ? (
          <p>{t("drives.howSingle")}</p>
        ) : (
          <>
            <p>
              {t("drives.howSplit", { data: health.dataShards, parity: health.parityShards, total })}
            </p>
            <p>{t("drives.howQuorum", { read: health.readQuorum, write: health.writeQuorum })}</p>
            <p>{t("drives.howCheck")}</p>
          </>
        )}
        {divided && <p>{t("drives.howSets")}</p>}
      </div>
    </Card>
  );
}

function DrivesSkeleton() {
  return (
    <div className={s.layout} aria-busy>
      <Skeleton width="100%" height={64} radius={7} />
      <Skeleton width="100%" height={82} radius={11} />
      <div className={s.drives}>
        {[0, 1, 2, 3].map((i) => (
          <Skeleton key={i} width="100%" height={112} radius={11} />
        ))}
      </div>
    </div>
  );
}

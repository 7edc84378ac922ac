import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { drivesQuery } from "@/api/queries";
import type { DriveHealth, DrivesHealth } from "@/api/types";
import { Alert, Badge, Card, Progress, QueryView, Skeleton, type Tone } from "@/components";
import { summarize } from "@/lib/drives";
import { formatBytes, formatDuration } from "@/lib/format";
import s from "./Settings.module.css";

export function DrivesPage() {
  const drives = useQuery(drivesQuery);
  return (
    <QueryView query={drives} skeleton={<DrivesSkeleton />}>
      {(health) => (
        <div className={s.layout}>
          <Verdict health={health} />
          <Figures health={health} />
          <div className={s.drives}>
            {health.drives.map((drive) => (
              <DriveCard key={drive.path} drive={drive} />
            ))}
          </div>
          <Explanation health={health} />
        </div>
      )}
    </QueryView>
  );
}

/** Verdict says in one sentence how things stand and what to do. */
function Verdict({ health }: { health: DrivesHealth }) {
  const { t } = useTranslation("settings");
  const { ok, healing, total, readable } = summarize(health);
  const down = total - ok - healing;
  if (!readable) {
    return (
      <Alert tone="danger" title={t("drives.unreadable")}>
        {t("drives.unreadableBody", { ok, needed: health.readQuorum })}
      </Alert>
    );
  }
  if (!health.writable) {
    return (
      <Alert tone="danger" title={t("drives.readOnly")}>
        {t("drives.readOnlyBody", { ok, needed: health.writeQuorum })}
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
      {t("drives.fineBody", { count: health.parity })}
    </Alert>
  );
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

const tones: Record<DriveHealth["state"], Tone> = {
  ok: "ok",
  slow: "warn",
  healing: "info",
  failing: "warn",
  offline: "danger",
};

function DriveCard({ drive }: { drive: DriveHealth }) {
  const { t } = useTranslation("settings");
  const used = drive.totalBytes - drive.freeBytes;
  return (
    <section className={s.drive} aria-label={drive.path}>
      <div className={s.driveHead}>
        <code>{drive.path}</code>
        <Badge tone={tones[drive.state]}>{t(`drives.state.${drive.state}`)}</Badge>
      </div>
      {drive.totalBytes > 0 && (
        <>
          <Progress
            value={used}
            max={drive.totalBytes}
            label={t("drives.used")}
            tone={used > drive.totalBytes * 0.9 ? "danger" : undefined}
          />
          <small>
            {t("drives.space", { free: formatBytes(drive.freeBytes), total: formatBytes(drive.totalBytes) })}
          </small>
        </>
      )}
      {drive.healing && <Healing progress={drive.healing} />}
      {drive.readErrors + drive.writeErrors > 0 && (
        <small>{t("drives.errors", { reads: drive.readErrors, writes: drive.writeErrors })}</small>
      )}
      {drive.message && <small>{drive.message}</small>}
    </section>
  );
}

/** Healing says how far a drive is that is being filled. */
function Healing({ progress }: { progress: NonNullable<DriveHealth["healing"]> }) {
  const { t } = useTranslation("settings");
  const { doneBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
  const figures = { done: formatBytes(doneBytes), total: formatBytes(totalBytes), speed: formatBytes(bytesPerSecond) };
  return (
    <>
      <Progress value={doneBytes} max={totalBytes} label={t("drives.healed")} />
      <small>
        {secondsLeft < 0
          ? t("drives.healedOf", figures)
          : t("drives.healedLeft", { ...figures, left: formatDuration(secondsLeft * 1000) })}
      </small>
    </>
  );
}

/** Explanation turns shards and quorums into what they mean for this team. */
function Explanation({ health }: { health: DrivesHealth }) {
  const { t } = useTranslation("settings");
  const total = health.dataShards + health.parityShards;
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

import { useQueryClient } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { drivesQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { DrivesHealth } from "@/api/types";
import { Alert, Badge, Button, ConfirmDialog, toast, type Tone } from "@/components";
import { setsOf, type SetSummary } from "@/lib/drives";
import { formatBytes } from "@/lib/format";
import { DriveCard } from "./DriveCard";
import s from "./Settings.module.css";

type Pool = DrivesHealth["pools"][number];

const tones: Record<Pool["state"], Tone> = { inUse: "ok", draining: "info", drained: "idle" };

/** Pools shows all drives, under the pools and sets that they are divided into, if they are. */
export function Pools({ health }: { health: DrivesHealth }) {
  const sets = setsOf(health);
  if (health.pools.length === 0) return sets.map((set) => <Drives key={set.set} set={set} />);
  return health.pools.map((pool) => (
    <PoolSection
      key={pool.number}
      pool={pool}
      sets={sets.filter((set) => set.pool === pool.number)}
      others={health.pools.some(({ number, state }) => number !== pool.number && state === "inUse")}
    />
  ));
}

function Drives({ set }: { set: SetSummary }) {
  return (
    <div className={s.drives}>
      {set.drives.map((drive) => (
        <DriveCard key={drive.path} drive={drive} />
      ))}
    </div>
  );
}

function PoolSection({ pool, sets, others }: { pool: Pool; sets: SetSummary[]; others: boolean }) {
  const { t } = useTranslation("settings");
  const me = useMe();
  const title = t("drives.pool", { pool: pool.number });
  return (
    <section className={s.pool} aria-label={title}>
      <div className={s.driveHead}>
        <h2>{title}</h2>
        <Badge tone={tones[pool.state]}>{t(`drives.poolState.${pool.state}`)}</Badge>
      </div>
      {pool.state === "draining" && (
        <Alert tone={pool.problem ? "warn" : "info"} title={t("drives.drain.going", { bytes: formatBytes(pool.leftBytes) })}>
          {pool.problem || t("drives.drain.goingBody", { count: pool.leftVersions })}
        </Alert>
      )}
      {pool.state === "drained" && (
        <Alert tone="ok" title={t("drives.drain.gone")}>
          {t("drives.drain.goneBody")}
        </Alert>
      )}
      {sets.map((set) => (
        <section key={set.set} className={s.driveSet} aria-label={t("drives.set", { pool: set.pool, set: set.set })}>
          <div>
            <h3>{t("drives.setOnly", { set: set.set })}</h3>
            {pool.state !== "drained" && <small>{t("drives.setMayFail", { count: set.parity })}</small>}
          </div>
          <Drives set={set} />
        </section>
      ))}
      {pool.state === "inUse" && others && me.admin && <Drain pool={pool} sets={sets} />}
    </section>
  );
}

/** Drain has everything moved away from a pool, after which its drives may go. */
function Drain({ pool, sets }: { pool: Pool; sets: SetSummary[] }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const drives = sets.flatMap((set) => set.drives);
  return (
    <div>
      <Button size="sm" icon={<LogOut size={15} />} onClick={() => setAsking(true)}>
        {t("drives.drain.do", { pool: pool.number })}
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={t("drives.drain.title", { pool: pool.number })}
        body={
          <div className={s.steps}>
            <p>{t("drives.drain.body", { count: drives.length, first: drives[0]?.path, last: drives.at(-1)?.path })}</p>
            <p>{t("drives.drain.final")}</p>
            <p>{t("drives.drain.state")}</p>
          </div>
        }
        confirm={t("drives.drain.do", { pool: pool.number })}
        onConfirm={async () => {
          await api.POST("/api/v1/health/pools/{pool}/drain", { params: { path: { pool: pool.number } } });
          await client.invalidateQueries({ queryKey: drivesQuery.queryKey });
          toast.ok(t("drives.drain.begun", { pool: pool.number }));
        }}
      />
    </div>
  );
}

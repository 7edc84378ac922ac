import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { drivesQuery } from "@/api/queries";
import { useMe } from "@/api/session";
import type { TargetHealth } from "@/api/types";
import { Card, Progress, QueryView, Skeleton, StatusDot } from "@/components";
import { driveTone, summarize } from "@/lib/drives";
import { formatBytes } from "@/lib/format";
import s from "./Overview.module.css";

function TargetLine({ target }: { target: TargetHealth }) {
  const { t } = useTranslation("overview");
  return (
    <div className={s.drives}>
      <p className={s.driveLine}>
        <StatusDot tone={target.reachable ? "ok" : "danger"} />
        <b>{target.reachable ? t("targetOk") : t("targetAway")}</b>
      </p>
      <div className={s.space}>
        <span>{target.reachable ? target.endpoint : target.message}</span>
      </div>
    </div>
  );
}

/** DrivesCard says in one line whether the storage is well, and how full it is. */
export function DrivesCard() {
  const { t } = useTranslation("overview");
  const me = useMe();
  const drives = useQuery(drivesQuery);
  return (
    <Card
      title={t("drives")}
      actions={
        <>
          {me.admin && <Link to="/usage">{t("usage:open")}</Link>}
          <Link to="/settings/drives">{t("details")}</Link>
        </>
      }
    >
      <QueryView
        query={drives}
        bare
        skeleton={
          <div className={s.drives}>
            <Skeleton width="70%" />
            <Skeleton width="100%" height={42} />
          </div>
        }
      >
        {(health) => {
          if (health.target) return <TargetLine target={health.target} />;
          const { ok, total, used, size } = summarize(health);
          return (
            <div className={s.drives}>
              <p className={s.driveLine}>
                <StatusDot tone={driveTone(health)} />
                <b>
                  {ok === total ? t("drivesOk", { count: total }) : t("drivesSome", { ok, count: total })}
                </b>
              </p>
              <div className={s.space}>
                <Progress value={used} max={size} label={t("space")} tone={used > size * 0.9 ? "danger" : undefined} />
                <span>{t("used", { used: formatBytes(used), size: formatBytes(size) })}</span>
              </div>
            </div>
          );
        }}
      </QueryView>
    </Card>
  );
}

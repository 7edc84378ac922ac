import { useTranslation } from "react-i18next";
import type { LifecycleStatus } from "@/api/types";
import { Alert, Badge, Card, Fact, Facts, FutureTime, ProblemText, Time } from "@/components";
import { formatBytes, formatNumber } from "@/lib/format";
import s from "./Replication.module.css";

/** LifecycleStatusCard says what rules did, when they are looked at next, and what is in their way. */
export function LifecycleStatusCard({ status }: { status: LifecycleStatus }) {
  const { t } = useTranslation("lifecycle");
  const sized = (count: number, bytes: number) => t("status.sized", { count, bytes: formatBytes(bytes) });
  return (
    <Card
      title={t("status.title")}
      description={t("status.description")}
      actions={status.running && <Badge tone="info">{t("status.running")}</Badge>}
    >
      <div className={s.body}>
        {status.problem && (
          <Alert tone="warn">
            {status.problemKey && <>{t("status.problemOf", { key: status.problemKey })} </>}
            <ProblemText of={status} /> {t("status.again")}
          </Alert>
        )}
        <Facts figures>
          <Fact name={t("status.last")}>
            {status.began ? <Time value={status.began} /> : t("status.never")}
            {status.began && <small>{t("status.looked", { count: status.looked })}</small>}
          </Fact>
          <Fact name={t("status.next")}>{status.next ? <FutureTime value={status.next} /> : t("status.now")}</Fact>
          <Fact name={t("status.expired")}>{sized(status.expired, status.expiredBytes)}</Fact>
          <Fact name={t("status.removed")}>{sized(status.removed, status.removedBytes)}</Fact>
          {status.moved > 0 && <Fact name={t("status.moved")}>{sized(status.moved, status.movedBytes)}</Fact>}
          {status.aborted > 0 && <Fact name={t("status.aborted")}>{formatNumber(status.aborted)}</Fact>}
          {status.markers > 0 && <Fact name={t("status.markers")}>{formatNumber(status.markers)}</Fact>}
          {status.locked > 0 && <Fact name={t("status.locked")}>{formatNumber(status.locked)}</Fact>}
          {status.failures > 0 && <Fact name={t("status.failures")}>{formatNumber(status.failures)}</Fact>}
        </Facts>
      </div>
    </Card>
  );
}

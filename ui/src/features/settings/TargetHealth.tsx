import { useTranslation } from "react-i18next";
import type { TargetHealth as Health } from "@/api/types";
import { Alert, Card } from "@/components";
import s from "./Settings.module.css";

/** TargetHealth says how the S3 cluster is that keeps the objects instead of drives. */
export function TargetHealth({ target }: { target: Health }) {
  const { t } = useTranslation("settings");
  return (
    <div className={s.layout}>
      {target.reachable ? (
        <Alert tone="ok" title={t("target.reachable")}>
          {t("target.reachableBody")}
        </Alert>
      ) : (
        <Alert tone="danger" title={t("target.away")}>
          <p>{target.message}</p>
          <p>{t("target.awayBody")}</p>
        </Alert>
      )}
      <dl className={s.figures}>
        <div>
          <dt>{t("target.prefix")}</dt>
          <dd>{target.prefix}</dd>
        </div>
        <div>
          <dt>{t("target.latency")}</dt>
          <dd>{target.reachable ? t("target.milliseconds", { ms: target.latencyMs || "< 1" }) : t("target.none")}</dd>
        </div>
      </dl>
      <Card title={t("target.how")}>
        <p className={s.reason}>{t("target.howBody", { endpoint: target.endpoint, prefix: target.prefix })}</p>
      </Card>
    </div>
  );
}

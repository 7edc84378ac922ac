import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";
import { Dialog } from "@/components";
import { formatExact } from "@/lib/format";
import s from "./Audit.module.css";
import { Outcome } from "./Outcome";

export function AuditDetails({ entry, onClose }: { entry: AuditEntry | undefined; onClose: () => void }) {
  const { t, i18n } = useTranslation("audit");
  if (!entry) return null;
  const why = `errors:${entry.outcome}`;
  const facts = [
    [t("at"), formatExact(entry.at)],
    [t("actor"), entry.actor.name || t("nobody")],
    [t("target"), entry.target],
    [t("address"), entry.address],
    [t("request"), entry.requestId],
  ].filter(([, value]) => value);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={<code>{entry.action}</code>}>
      <dl className={s.facts}>
        <dt>{t("outcome")}</dt>
        <dd>
          <Outcome value={entry.outcome} />
          {entry.outcome !== "ok" && <p>{i18n.exists(why) ? t(why) : entry.outcome}</p>}
        </dd>
        {facts.map(([label, value]) => [
          <dt key={`${label}-name`}>{label}</dt>,
          <dd key={label}>{value}</dd>,
        ])}
      </dl>
      {entry.detail && <pre className={s.detail}>{entry.detail}</pre>}
    </Dialog>
  );
}

import { useTranslation } from "react-i18next";
import type { AuditEntry } from "@/api/types";
import { Dialog } from "@/components";
import { formatExact } from "@/lib/format";
import s from "./Audit.module.css";
import { Outcome } from "./AuditPage";

export function AuditDetails({ entry, onClose }: { entry: AuditEntry | undefined; onClose: () => void }) {
  const { t } = useTranslation("audit");
  if (!entry) return null;
  const facts = [
    [t("at"), formatExact(entry.at)],
    [t("actor"), entry.actor.name || t("nobody")],
    [t("target"), entry.target],
    [t("address"), entry.address],
    [t("request"), entry.requestId],
  ].filter(([, value]) => value);
  const detail = typeof entry.detail === "string" ? entry.detail : JSON.stringify(entry.detail ?? null, null, 2);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={<code>{entry.action}</code>}>
      <dl className={s.facts}>
        <dt>{t("outcome")}</dt>
        <dd>
          <Outcome value={entry.outcome} />
        </dd>
        {facts.map(([label, value]) => [
          <dt key={`${label}-name`}>{label}</dt>,
          <dd key={label}>{value}</dd>,
        ])}
      </dl>
      {detail && detail !== "null" && <pre className={s.detail}>{detail}</pre>}
    </Dialog>
  );
}

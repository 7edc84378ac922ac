import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { EncryptionState } from "@/api/types";
import { Alert, Card, QueryView, Skeleton } from "@/components";
import { encryptionQuery } from "./queries";
import { ResealCard } from "./ResealCard";
import s from "./Settings.module.css";

export function EncryptionPage() {
  const state = useQuery(encryptionQuery);
  return (
    <QueryView query={state} skeleton={<Skeleton width="100%" height={320} radius={11} />}>
      {(found) => (
        <div className={s.stack}>
          <KeyCard state={found.key} />
          {found.reseal && <ResealCard reseal={found.reseal} source={found.key.source} />}
        </div>
      )}
    </QueryView>
  );
}

/** KeyCard says where the master key comes from and what to keep safe. */
function KeyCard({ state }: { state: EncryptionState["key"] }) {
  const { t } = useTranslation("settings");
  return (
    <Card title={t("encryption.title")} description={t("encryption.description")}>
      <div className={s.steps}>
        {state.onDrive && (
          <Alert tone="warn" title={t("encryption.onDriveTitle")}>
            {t("encryption.onDrive", { drive: state.onDrive })}
          </Alert>
        )}
        <dl className={s.facts}>
          <div>
            <dt>{t("encryption.source")}</dt>
            <dd>{t(`encryption.from.${state.source}`)}</dd>
          </div>
          {state.source !== "environment" && (
            <div>
              <dt>{t("encryption.file")}</dt>
              <dd>
                <code>{state.file}</code>
              </dd>
            </div>
          )}
          <div>
            <dt>{t("encryption.current")}</dt>
            <dd>{state.current ? <code>{state.current}</code> : t("encryption.notYet")}</dd>
          </div>
          {state.keys > 1 && (
            <div>
              <dt>{t("encryption.older")}</dt>
              <dd>{t("encryption.olderKeys", { count: state.keys - 1 })}</dd>
            </div>
          )}
        </dl>
        <p>{t(`encryption.keep.${state.source}`)}</p>
      </div>
    </Card>
  );
}

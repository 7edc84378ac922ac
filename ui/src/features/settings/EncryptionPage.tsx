import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { EncryptionState } from "@/api/types";
import { Alert, Card, Fact, Facts, QueryView, Skeleton } from "@/components";
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
        <Facts>
          <Fact name={t("encryption.source")}>{t(`encryption.from.${state.source}`)}</Fact>
          {state.source !== "environment" && (
            <Fact name={t("encryption.file")}>
              <code>{state.file}</code>
            </Fact>
          )}
          <Fact name={t("encryption.current")}>
            {state.current ? <code>{state.current}</code> : t("encryption.notYet")}
          </Fact>
          {state.keys > 1 && (
            <Fact name={t("encryption.older")}>{t("encryption.olderKeys", { count: state.keys - 1 })}</Fact>
          )}
        </Facts>
        <p>{t(`encryption.keep.${state.source}`)}</p>
      </div>
    </Card>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import type { EncryptionState } from "@/api/types";
import { Alert, Button, Card, ConfirmDialog, Progress, Time, toast } from "@/components";
import { formatNumber } from "@/lib/format";
import { encryptionQuery } from "./queries";
import s from "./Settings.module.css";

type ResealProps = { reseal: NonNullable<EncryptionState["reseal"]>; source: EncryptionState["key"]["source"] };

/** ResealCard changes the master key and brings everything under the newest one. */
export function ResealCard({ reseal, source }: ResealProps) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const [renewing, setRenewing] = useState(false);
  const show = (state: EncryptionState) => client.setQueryData(encryptionQuery.queryKey, state);
  const start = useMutation({
    mutationFn: () => body(api.POST("/api/v1/encryption/reseal")),
    onSuccess: show,
    onError: toast.error,
  });
  return (
    <Card
      title={t("reseal.title")}
      description={source === "environment" ? t("reseal.descriptionGiven") : t("reseal.description")}
      footer={
        <>
          <Button
            icon={<RefreshCw size={15} />}
            busy={start.isPending}
            disabled={reseal.running}
            onClick={() => start.mutate()}
          >
            {t("reseal.start")}
          </Button>
          {source !== "environment" && (
            <Button
              variant="primary"
              icon={<KeyRound size={15} />}
              disabled={reseal.running}
              onClick={() => setRenewing(true)}
            >
              {t("reseal.renew")}
            </Button>
          )}
        </>
      }
    >
      <Outcome reseal={reseal} />
      <ConfirmDialog
        open={renewing}
        onOpenChange={setRenewing}
        harmless
        title={t("reseal.renewTitle")}
        body={
          <div className={s.steps}>
            <p>{t("reseal.renewBody")}</p>
            <p>{t("reseal.renewCopy")}</p>
          </div>
        }
        confirm={t("reseal.renew")}
        onConfirm={async () => {
          show(await body(api.POST("/api/v1/encryption/key")));
          show(await body(api.POST("/api/v1/encryption/reseal")));
          toast.ok(t("reseal.renewed"));
        }}
      />
    </Card>
  );
}

function Outcome({ reseal }: { reseal: ResealProps["reseal"] }) {
  const { t } = useTranslation("settings");
  const figures = { checked: formatNumber(reseal.checked), total: formatNumber(reseal.total) };
  if (reseal.running) {
    return (
      <div className={s.steps}>
        <Progress value={reseal.checked} max={reseal.total} label={t("reseal.progress")} />
        <span>
          {t("reseal.looked", figures)} · {t("reseal.done", { count: reseal.resealed })}
        </span>
        {reseal.failed > 0 && <Alert tone="warn">{t("reseal.failed", { count: reseal.failed })}</Alert>}
      </div>
    );
  }
  if (!reseal.finishedAt) return <p>{t("reseal.never")}</p>;
  return (
    <div className={s.steps}>
      {reseal.problem && (
        <Alert tone="danger" title={t("reseal.failed", { count: reseal.failed })}>
          {reseal.problem}
        </Alert>
      )}
      <p>
        {t("reseal.finished")} <Time value={reseal.finishedAt} /> · {t("reseal.done", { count: reseal.resealed })}
      </p>
      {!reseal.problem && <p>{t("reseal.safe")}</p>}
    </div>
  );
}

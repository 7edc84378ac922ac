import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { Alert, Button, CopyField, Dialog, Field, FutureTime, Select } from "@/components";
import type { Entry } from "./keys";

const hour = 3600;
const lifetimes = [
  ["hour", hour],
  ["day", 24 * hour],
  ["week", 7 * 24 * hour],
] as const;

export function ShareDialog({ bucket, entry, onClose }: { bucket: string; entry?: Entry; onClose: () => void }) {
  const { t } = useTranslation("buckets");
  const [seconds, setSeconds] = useState<number>(24 * hour);
  const share = useMutation({
    mutationFn: () =>
      body(
        api.POST("/api/v1/buckets/{bucket}/share", {
          params: { path: { bucket } },
          body: { key: entry?.key ?? "", expiresSeconds: seconds },
        }),
      ),
  });
  const close = () => {
    share.reset();
    onClose();
  };
  return (
    <Dialog
      open={entry !== undefined}
      onOpenChange={(open) => !open && close()}
      title={t("share.title", { name: entry?.name })}
      description={t("share.hint")}
      onSubmit={() => share.mutate()}
      footer={
        <>
          <Button onClick={close}>{t("common:close")}</Button>
          <Button type="submit" variant="primary" busy={share.isPending}>
            {t("share.make")}
          </Button>
        </>
      }
    >
      <Field label={t("share.lifetime")}>
        <Select
          value={seconds}
          onChange={(event) => {
            setSeconds(Number(event.target.value));
            share.reset();
          }}
        >
          {lifetimes.map(([name, value]) => (
            <option key={name} value={value}>
              {t(`share.${name}`)}
            </option>
          ))}
        </Select>
      </Field>
      {share.data && (
        <>
          <CopyField label={t("share.link")} value={share.data.url} />
          <p>
            {t("share.ends")} <FutureTime value={share.data.expiresAt} />
          </p>
        </>
      )}
      {share.isError && <Alert tone="danger">{errorText(share.error)}</Alert>}
    </Dialog>
  );
}

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import type { ObjectVersion } from "@/api/types";
import { Alert, Button, Dialog, Field, Input, toast } from "@/components";
import { formatExact } from "@/lib/format";
import { changed } from "./changes";
import { copyEnd, validDays } from "./tierCopy";

type BringBackProps = {
  bucket: string;
  name: string;
  object: ObjectVersion;
  /** Whether this version is meant, and not whatever is the latest. */
  named?: boolean;
  onClose: () => void;
};

/** BringBackDialog has a copy of what a tier keeps made on the drives, or kept for other days. */
export function BringBackDialog({ bucket, name, object, named = false, onClose }: BringBackProps) {
  const { t } = useTranslation("browser");
  const [text, setText] = useState("7");
  const days = validDays(text);
  const ask = useMutation({
    mutationFn: (days: number) =>
      body(
        api.POST("/api/v1/buckets/{bucket}/copy-from-tier", {
          params: { path: { bucket }, query: { key: object.key, version: named ? object.versionId || undefined : undefined } },
          body: { days },
        }),
      ),
    onSuccess: async (made) => {
      const until = made.restore?.until;
      toast.ok(until ? t("tierCopy.extended", { until: formatExact(until) }) : t("tierCopy.asked"));
      await changed(bucket);
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("tierCopy.dialog", { name })}
      description={t("tierCopy.description", { tier: object.tier })}
      onSubmit={() => days !== undefined && ask.mutate(days)}
      footer={
        <>
          <Button onClick={onClose}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={ask.isPending} disabled={days === undefined}>
            {object.restore?.until ? t("tierCopy.extend") : t("tierCopy.make")}
          </Button>
        </>
      }
    >
      <Field
        label={t("tierCopy.days")}
        hint={days === undefined ? undefined : t("tierCopy.hint", { until: formatExact(copyEnd(new Date(), days).toISOString()) })}
      >
        <Input type="number" min={1} max={36500} required value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      {ask.isError && <Alert tone="danger">{errorText(ask.error)}</Alert>}
    </Dialog>
  );
}

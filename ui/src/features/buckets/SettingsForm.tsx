import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { errorText } from "@/api/errors";
import { bucketsQuery } from "@/api/queries";
import type { BucketChange, BucketDetails } from "@/api/types";
import { Alert, Button, Card, toast } from "@/components";
import s from "./BucketSettings.module.css";
import { bucketQuery } from "./queries";

/** What each card of the settings gets. */
export type SettingsProps = { bucket: BucketDetails; readOnly: boolean };

type SettingsFormProps = SettingsProps & {
  title: string;
  description?: ReactNode;
  /** What to change; undefined while it is as it was, or is not valid. */
  change: BucketChange | undefined;
  children: ReactNode;
};

/** SettingsForm is one card of settings that is saved for itself. */
export function SettingsForm({ bucket, readOnly, title, description, change, children }: SettingsFormProps) {
  const { t } = useTranslation("buckets");
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (wanted: BucketChange) =>
      body(api.PATCH("/api/v1/buckets/{bucket}", { params: { path: { bucket: bucket.name } }, body: wanted })),
    onSuccess: (changed) => {
      client.setQueryData(bucketQuery(bucket.name).queryKey, changed);
      void client.invalidateQueries({ queryKey: bucketsQuery.queryKey, exact: true });
      toast.ok(t("common:saved"));
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (change) save.mutate(change);
      }}
    >
      <Card
        title={title}
        description={description}
        footer={
          !readOnly && (
            <Button type="submit" variant="primary" busy={save.isPending} disabled={!change}>
              {t("common:save")}
            </Button>
          )
        }
      >
        <div className={s.form}>
          {children}
          {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
        </div>
      </Card>
    </form>
  );
}

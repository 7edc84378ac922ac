import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { queryClient } from "@/api/session";
import { Checkbox, ConfirmDialog, toast } from "@/components";
import s from "./Browser.module.css";
import type { Entry } from "./keys";

type DeleteProps = { bucket: string; entries: Entry[]; versioned: boolean; onClose: () => void; onDeleted: () => void };

export function DeleteObjectsDialog({ bucket, entries, versioned, onClose, onDeleted }: DeleteProps) {
  const { t } = useTranslation("buckets");
  const folders = entries.filter((entry) => entry.kind === "folder");
  const [forEver, setForEver] = useState(false);
  const close = () => {
    setForEver(false);
    onClose();
  };
  const final = !versioned || forEver;
  const only = entries.length === 1 ? entries[0] : undefined;
  return (
    <ConfirmDialog
      open={entries.length > 0}
      onOpenChange={(open) => !open && close()}
      title={only ? t("remove.one", { name: only.name }) : t("remove.many", { count: entries.length })}
      body={
        <div className={s.lines}>
          <p>
            {!final
              ? t("remove.kept")
              : folders.length > 0
                ? t("remove.folders", { count: folders.length })
                : t("remove.body")}
          </p>
          {versioned && (
            <Checkbox
              label={t("remove.versions")}
              hint={t("remove.versionsHint")}
              checked={forEver}
              onChange={(event) => setForEver(event.target.checked)}
            />
          )}
        </div>
      }
      confirm={t("common:delete")}
      typeToConfirm={
        versioned
          ? forEver
            ? (only?.name ?? bucket)
            : undefined
          : only && folders.length > 0
            ? only.name
            : undefined
      }
      onConfirm={async () => {
        const keys = entries.filter((entry) => entry.kind === "object").map((entry) => entry.key);
        const params = { path: { bucket } };
        let deleted = 0;
        if (keys.length > 0) {
          deleted += (await body(api.POST("/api/v1/buckets/{bucket}/delete", { params, body: { keys, versions: forEver } }))).deleted;
        }
        for (const folder of folders) {
          const answer = await body(
            api.POST("/api/v1/buckets/{bucket}/delete", { params, body: { keys: [], prefix: folder.key, versions: forEver } }),
          );
          deleted += answer.deleted;
        }
        await queryClient.invalidateQueries({ queryKey: ["buckets", bucket] });
        toast.ok(forEver ? t("remove.doneVersions", { count: deleted }) : t("remove.done", { count: deleted }));
        onDeleted();
      }}
    />
  );
}

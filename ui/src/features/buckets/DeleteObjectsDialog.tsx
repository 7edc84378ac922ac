import { useTranslation } from "react-i18next";
import { api, body } from "@/api/client";
import { queryClient } from "@/api/session";
import { ConfirmDialog, toast } from "@/components";
import type { Entry } from "./keys";

type DeleteProps = { bucket: string; entries: Entry[]; onClose: () => void; onDeleted: () => void };

export function DeleteObjectsDialog({ bucket, entries, onClose, onDeleted }: DeleteProps) {
  const { t } = useTranslation("buckets");
  const folders = entries.filter((entry) => entry.kind === "folder");
  const only = entries.length === 1 ? entries[0] : undefined;
  return (
    <ConfirmDialog
      open={entries.length > 0}
      onOpenChange={(open) => !open && onClose()}
      title={only ? t("remove.one", { name: only.name }) : t("remove.many", { count: entries.length })}
      body={folders.length > 0 ? t("remove.folders", { count: folders.length }) : t("remove.body")}
      confirm={t("common:delete")}
      typeToConfirm={only && folders.length > 0 ? only.name : undefined}
      onConfirm={async () => {
        const keys = entries.filter((entry) => entry.kind === "object").map((entry) => entry.key);
        const params = { path: { bucket } };
        let deleted = 0;
        if (keys.length > 0) {
          deleted += (await body(api.POST("/api/v1/buckets/{bucket}/delete", { params, body: { keys } }))).deleted;
        }
        for (const folder of folders) {
          const answer = await body(
            api.POST("/api/v1/buckets/{bucket}/delete", { params, body: { keys: [], prefix: folder.key } }),
          );
          deleted += answer.deleted;
        }
        await queryClient.invalidateQueries({ queryKey: ["buckets", bucket] });
        toast.ok(t("remove.done", { count: deleted }));
        onDeleted();
      }}
    />
  );
}

import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { csrfHeaders } from "@/api/client";
import { errorText, toApiError } from "@/api/errors";
import { Alert, Button, Dialog, Field, Input } from "@/components";
import { changed } from "./changes";
import { objectAddress } from "./queries";

type NewFolderProps = { bucket: string; prefix: string; open: boolean; onOpenChange: (open: boolean) => void };

/** NewFolderDialog makes an empty object whose key ends with a slash: S3 knows folders only by their keys. */
export function NewFolderDialog({ bucket, prefix, open, onOpenChange }: NewFolderProps) {
  const { t } = useTranslation("buckets");
  const [name, setName] = useState("");
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: async () => {
      const key = `${prefix}${name.trim()}/`;
      const response = await fetch(objectAddress(bucket, key), { method: "PUT", headers: csrfHeaders(), body: "" });
      if (!response.ok) throw await toApiError(response);
      return key;
    },
    onSuccess: async (key) => {
      await changed(bucket);
      onOpenChange(false);
      setName("");
      void navigate({ to: "/buckets/$bucket", params: { bucket }, search: { prefix: key } });
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t("folder.new")}
      onSubmit={() => make.mutate()}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>{t("common:cancel")}</Button>
          <Button type="submit" variant="primary" busy={make.isPending}>
            {t("common:create")}
          </Button>
        </>
      }
    >
      <Field label={t("folder.name")}>
        <Input required pattern="[^/].*" value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      {make.isError && <Alert tone="danger">{errorText(make.error)}</Alert>}
    </Dialog>
  );
}

import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { instanceQuery } from "@/api/session";
import { errorText } from "@/api/errors";
import { Alert, Button, Card, Checkbox, CopyField } from "@/components";
import s from "./BucketSettings.module.css";
import { useSaveWeb, type WebProps } from "./WebCards";

/** WebDAVCard says and sets whether file managers may use the bucket, and how they do. */
export function WebDAVCard({ bucket, readOnly, web }: WebProps) {
  const { t } = useTranslation("buckets");
  const instance = useQuery(instanceQuery).data;
  const [on, setOn] = useState(web.webdav);
  const save = useSaveWeb(bucket, (changed) => setOn(changed.webdav));
  const address = (instance?.s3Address ?? "") + web.webdavPath;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (on !== web.webdav) save.mutate({ webdav: on });
  };
  return (
    <form onSubmit={submit}>
      <Card
        title={t("webdav.title")}
        description={t("webdav.description")}
        footer={
          !readOnly && (
            <Button type="submit" variant="primary" busy={save.isPending} disabled={on === web.webdav}>
              {t("common:save")}
            </Button>
          )
        }
      >
        <div className={s.form}>
          <Checkbox
            label={t("webdav.on")}
            hint={t("webdav.onHint")}
            checked={on}
            disabled={readOnly}
            onChange={(event) => {
              save.reset();
              setOn(event.target.checked);
            }}
          />
          {save.isError && <Alert tone="danger">{errorText(save.error)}</Alert>}
          {web.webdav && (
            <>
              <CopyField label={t("webdav.address")} value={address} />
              {address.startsWith("http:") && <Alert>{t("webdav.secure")}</Alert>}
              <CopyField label={t("webdav.windows")} value={`net use * "${address}" /user:ACCESS_KEY *`} />
              <CopyField label={t("webdav.macos")} value={`mount_webdav -i "${address}" ~/${bucket}`} />
              <CopyField label={t("webdav.linux")} value={`sudo mount -t davfs "${address}" /mnt/${bucket}`} />
              <CopyField
                block
                label={t("webdav.rclone")}
                value={`rclone config create ${bucket} webdav url="${address}" vendor=other user=ACCESS_KEY pass=SECRET_KEY --obscure\nrclone copy ./photos ${bucket}:photos`}
              />
            </>
          )}
        </div>
      </Card>
    </form>
  );
}

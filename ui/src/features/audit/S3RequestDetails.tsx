import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { S3Request } from "@/api/types";
import { Badge, Dialog } from "@/components";
import { formatBytes, formatExact } from "@/lib/format";
import s from "./Audit.module.css";
import { formatTook } from "./s3";

/** S3Outcome says in one word how a request ended. */
export function S3Outcome({ request }: { request: S3Request }) {
  const { t } = useTranslation("audit");
  if (!request.error) return <Badge tone="ok">{t("done")}</Badge>;
  // What Croft does not do (501) it refuses; every other 5xx is not the client's doing.
  if (request.status < 500 || request.status === 501) return <Badge tone="danger">{t("refused")}</Badge>;
  return <Badge tone="warn">{t("s3.failed")}</Badge>;
}

type DetailsProps = { request: S3Request | undefined; onClose: () => void };

export function S3RequestDetails({ request, onClose }: DetailsProps) {
  const { t, i18n } = useTranslation("audit");
  if (!request) return null;
  const facts: [string, ReactNode][] = [
    [t("at"), formatExact(request.at)],
    [t("actor"), request.user],
    [t("s3.accessKey"), <code key="key">{request.accessKey}</code>],
    [t("address"), request.address],
    [t("s3.bucket"), request.bucket],
    [t("s3.object"), request.key],
    [t("s3.version"), request.version],
    [t("s3.source"), request.source],
    [t("s3.received"), request.bytesIn > 0 && formatBytes(request.bytesIn)],
    [t("s3.sent"), request.bytesOut > 0 && formatBytes(request.bytesOut)],
    [t("s3.took"), request.durationMs > 0 && formatTook(request.durationMs, i18n.language)],
    [t("s3.client"), request.userAgent],
    [t("request"), <code key="id">{request.requestId}</code>],
  ];
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={<code>{request.operation}</code>}>
      <dl className={s.facts}>
        <dt>{t("outcome")}</dt>
        <dd className={s.ending}>
          <S3Outcome request={request} />
          <code>{[request.status, request.error].filter(Boolean).join(" ")}</code>
        </dd>
        {facts
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <Fragment key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
      </dl>
      {request.keys.length > 0 && (
        <>
          <h3 className={s.keysTitle}>{t("s3.objects", { count: request.keys.length })}</h3>
          <pre className={s.detail}>{request.keys.join("\n")}</pre>
        </>
      )}
    </Dialog>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { toApiError } from "@/api/errors";
import type { ObjectInfo } from "@/api/types";
import { ButtonAnchor, Dialog, QueryView, Skeleton } from "@/components";
import s from "./Browser.module.css";
import { previewOf, type Entry } from "./keys";
import { ObjectFacts } from "./ObjectFacts";
import { objectAddress } from "./queries";

/** Of a text, this much is shown. */
const textLimit = 256 * 1024;

export function PreviewDialog({ bucket, entry, onClose }: { bucket: string; entry?: Entry; onClose: () => void }) {
  const { t } = useTranslation("buckets");
  if (entry?.kind !== "object") return null;
  const object = entry.object;
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={entry.name}
      footer={
        <ButtonAnchor
          variant="primary"
          icon={<Download size={16} />}
          href={objectAddress(bucket, entry.key, true)}
          download
        >
          {t("download")}
        </ButtonAnchor>
      }
    >
      <Preview bucket={bucket} object={object} name={entry.name} />
      <ObjectFacts bucket={bucket} object={object} />
    </Dialog>
  );
}

function Preview({ bucket, object, name }: { bucket: string; object: ObjectInfo; name: string }) {
  const { t } = useTranslation("buckets");
  const address = objectAddress(bucket, object.key);
  switch (previewOf(object)) {
    case "image":
      return (
        <div className={s.preview}>
          <img src={address} alt={name} />
        </div>
      );
    case "audio":
      return <audio controls src={address} aria-label={name} />;
    case "video":
      return (
        <div className={s.preview}>
          <video controls src={address} aria-label={name} />
        </div>
      );
    case "pdf":
      return (
        <div className={s.preview}>
          <iframe src={address} title={name} />
        </div>
      );
    case "text":
      return <TextPreview bucket={bucket} object={object} />;
    default:
      return <p>{t("preview.none")}</p>;
  }
}

function TextPreview({ bucket, object }: { bucket: string; object: ObjectInfo }) {
  const { t } = useTranslation("buckets");
  const text = useQuery({
    queryKey: ["buckets", bucket, "text", object.key, object.etag],
    queryFn: async ({ signal }) => {
      if (object.size === 0) return "";
      const response = await fetch(objectAddress(bucket, object.key), {
        headers: { Range: `bytes=0-${textLimit - 1}` },
        signal,
      });
      if (!response.ok) throw await toApiError(response);
      return response.text();
    },
  });
  return (
    <QueryView query={text} bare skeleton={<Skeleton width="100%" height={240} />}>
      {(content) => (
        <>
          <div className={s.preview}>
            <pre className={s.text} tabIndex={0}>
              {content}
            </pre>
          </div>
          {object.size > textLimit && <p>{t("preview.cut")}</p>}
        </>
      )}
    </QueryView>
  );
}

import { ChevronLeft, ChevronRight, Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ObjectInfo } from "@/api/types";
import { ButtonAnchor, Dialog, IconButton } from "@/components";
import type { Entry } from "../keys";
import { objectAddress } from "../queries";
import { ObjectFacts } from "./ObjectFacts";
import { Preview } from "./Preview";
import type { Source } from "./read";

/** sourceOf is where an object's bytes, or those of one of its versions, are read. */
export function sourceOf(bucket: string, object: ObjectInfo, name: string, version = ""): Source {
  return { key: object.key, name, size: object.size, contentType: object.contentType, etag: object.etag, address: objectAddress(bucket, object.key, false, version) };
}

type PreviewDialogProps = {
  bucket: string;
  entry: Entry;
  mayWrite: boolean;
  mayChange: boolean;
  onClose: () => void;
  /** To the object before or behind it, where there is one. */
  onStep: (by: 1 | -1) => void;
};

export function PreviewDialog({ bucket, entry, mayWrite, mayChange, onClose, onStep }: PreviewDialogProps) {
  const { t } = useTranslation("browser");
  if (entry.kind !== "object") return null;
  const object = entry.object;
  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={entry.name}
      footer={
        <>
          <IconButton label={t("preview.before")} icon={<ChevronLeft size={18} />} onClick={() => onStep(-1)} />
          <IconButton label={t("preview.next")} icon={<ChevronRight size={18} />} onClick={() => onStep(1)} />
          <ButtonAnchor variant="primary" icon={<Download size={16} />} href={objectAddress(bucket, entry.key, true)} download>
            {t("action.download")}
          </ButtonAnchor>
        </>
      }
    >
      <Preview key={`${object.key} ${object.etag}`} source={sourceOf(bucket, object, entry.name)} />
      <ObjectFacts key={object.key} bucket={bucket} object={object} mayWrite={mayWrite} mayChange={mayChange} />
    </Dialog>
  );
}

import { Download, FileText } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ChatFile } from "@/api/types";
import { Bytes } from "@/components";
import s from "./Chat.module.css";

/** Pictures up to this size are shown at once. */
const shownImage = 8 << 20;

export function FileMessage({ file }: { file: ChatFile }) {
  const { t } = useTranslation("chat");
  const picture = /^image\/(png|jpeg|gif|webp|avif)$/.test(file.contentType) && file.size <= shownImage;
  return (
    <div className={s.file}>
      {picture && (
        <a href={file.url} target="_blank" rel="noopener noreferrer">
          <img className={s.picture} src={file.url} alt={file.name} loading="lazy" />
        </a>
      )}
      <a className={s.fileLine} href={`${file.url}?download=1`} download={file.name} title={t("download")}>
        <FileText size={18} aria-hidden />
        <span className={s.fileName}>{file.name}</span>
        <small>
          <Bytes value={file.size} />
        </small>
        <Download size={16} aria-hidden />
      </a>
    </div>
  );
}

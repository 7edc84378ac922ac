import { Archive, FileCode, FileImage, FileMusic, FileText, FileVideo, Folder, Table } from "lucide-react";
import type { Entry } from "./keys";
import { previewOf } from "./keys";
import s from "./ObjectList.module.css";

/** FileIcon shows at a glance what an entry is. */
export function FileIcon({ entry }: { entry: Entry }) {
  if (entry.kind === "folder") return <Folder size={18} className={s.folder} aria-hidden />;
  const kind = previewOf(entry.object);
  const Icon =
    kind === "image"
      ? FileImage
      : kind === "video"
        ? FileVideo
        : kind === "audio"
          ? FileMusic
          : kind === "table" || kind === "parquet"
            ? Table
            : kind === "zip"
              ? Archive
              : kind === "text"
                ? FileCode
                : FileText;
  return <Icon size={18} className={s.file} aria-hidden />;
}

import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Skeleton } from "@/components";
import { previewOf } from "../keys";
import s from "./Preview.module.css";
import type { Source } from "./read";

const TextPreview = lazy(() => import("./TextPreview"));
const TablePreview = lazy(() => import("./TablePreview"));
const ParquetPreview = lazy(() => import("./ParquetPreview"));
const ZipPreview = lazy(() => import("./ZipPreview"));

/**
 * Preview shows an object as far as that is harmless: images and media in elements that run
 * nothing, PDF in the browser's own viewer, everything else as text or a table that we draw.
 */
export function Preview({ source }: { source: Source }) {
  const { t } = useTranslation("browser");
  switch (previewOf(source)) {
    case "image":
      return (
        <div className={s.frame}>
          <img src={source.address} alt={source.name} />
        </div>
      );
    case "audio":
      return <audio controls src={source.address} aria-label={source.name} className={s.audio} />;
    case "video":
      return (
        <div className={s.frame}>
          <video controls src={source.address} aria-label={source.name} />
        </div>
      );
    case "pdf":
      return (
        <div className={s.frame}>
          <iframe src={source.address} title={source.name} />
        </div>
      );
    case "text":
      return (
        <Late>
          <TextPreview source={source} />
        </Late>
      );
    case "table":
      return (
        <Late>
          <TablePreview source={source} />
        </Late>
      );
    case "parquet":
      return (
        <Late>
          <ParquetPreview source={source} />
        </Late>
      );
    case "zip":
      return (
        <Late>
          <ZipPreview source={source} />
        </Late>
      );
    default:
      return <p>{t("preview.none")}</p>;
  }
}

function Late({ children }: { children: React.ReactNode }) {
  return <Suspense fallback={<Skeleton width="100%" height={240} />}>{children}</Suspense>;
}

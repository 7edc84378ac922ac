import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Artifact, Run } from "@/api/types";
import { Bytes, ButtonAnchor, CopyField, DataTable } from "@/components";
import s from "./Artifacts.module.css";

/** objectAddress is where the console serves an object's bytes. */
function objectAddress(artifact: Artifact): string {
  const query = new URLSearchParams({ key: artifact.key, download: "1" });
  return `/api/v1/buckets/${encodeURIComponent(artifact.bucket)}/object?${query.toString()}`;
}

export function Artifacts({ run }: { run: Run }) {
  const { t } = useTranslation("pipelines");
  const [first] = run.artifacts;
  if (!first) return null;
  return (
    <section className={s.artifacts} aria-labelledby="artifacts">
      <h2 id="artifacts">{t("artifacts.title")}</h2>
      <DataTable
        caption={t("artifacts.title")}
        rows={run.artifacts}
        rowKey={(artifact) => artifact.key}
        columns={[
          {
            id: "path",
            header: t("artifacts.path"),
            kind: "primary",
            cell: (artifact) => <code>{artifact.path}</code>,
          },
          {
            id: "size",
            header: t("artifacts.size"),
            align: "right",
            cell: (artifact) => <Bytes value={artifact.size} />,
          },
          {
            id: "download",
            header: t("common:actions"),
            kind: "actions",
            cell: (artifact) => (
              <ButtonAnchor size="sm" icon={<Download size={15} />} href={objectAddress(artifact)} download>
                {t("artifacts.download")}
              </ButtonAnchor>
            ),
          },
        ]}
      />
      <CopyField label={t("artifacts.aws")} value={`aws s3 cp s3://${first.bucket}/${first.key} .`} />
    </section>
  );
}

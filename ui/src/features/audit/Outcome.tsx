import { useTranslation } from "react-i18next";
import { Badge } from "@/components";

/** Outcome is "ok" or the code of the error that was answered. */
export function Outcome({ value }: { value: string }) {
  const { t } = useTranslation("audit");
  return value === "ok" ? (
    <Badge tone="ok">{t("done")}</Badge>
  ) : (
    <Badge tone="danger">{t("refused")}</Badge>
  );
}

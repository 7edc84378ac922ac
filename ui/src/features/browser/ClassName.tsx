import { useTranslation } from "react-i18next";

/** ClassName is where and how an object is kept, in words. */
export function ClassName({ tier, name }: { tier?: string; name: string }) {
  const { t } = useTranslation("browser");
  if (tier) return t("class.tier", { tier });
  return name === "STANDARD" ? t("class.standard") : name === "REDUCED_REDUNDANCY" ? t("class.reduced") : name;
}

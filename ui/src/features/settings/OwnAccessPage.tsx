import { useTranslation } from "react-i18next";
import { Simulator } from "@/features/access/Simulator";

/** OwnAccessPage asks what one may do in a bucket that may not be in the console at all. */
export function OwnAccessPage() {
  const { t } = useTranslation("simulator");
  return (
    <>
      <p>{t("description")}</p>
      <Simulator own />
    </>
  );
}

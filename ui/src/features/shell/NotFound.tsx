import { Compass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ButtonLink, EmptyState, PageHeader } from "@/components";

export function NotFound() {
  const { t } = useTranslation("shell");
  return (
    <>
      <PageHeader title={t("notFound.title")} />
      <EmptyState
        icon={<Compass size={22} />}
        title={t("notFound.heading")}
        action={
          <ButtonLink to="/" variant="primary">
            {t("notFound.home")}
          </ButtonLink>
        }
      >
        {t("notFound.body")}
      </EmptyState>
    </>
  );
}

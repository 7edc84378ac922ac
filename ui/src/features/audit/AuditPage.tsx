import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { PageHeader, Tabs } from "@/components";
import { Changes } from "./Changes";
import { S3Requests } from "./S3Requests";

const route = getRouteApi("/app/audit");

export function AuditPage() {
  const { t } = useTranslation("audit");
  const me = useMe();
  const navigate = useNavigate();
  const { view } = route.useSearch();
  return (
    <>
      <PageHeader title={t("title")} description={t("description")} />
      {me.admin ? (
        <Tabs
          label={t("title")}
          value={view ?? "changes"}
          onValueChange={(value) =>
            void navigate({ to: "/audit", search: value === "s3" ? { view: "s3" } : {}, replace: true })
          }
          tabs={[
            { value: "changes", label: t("changes"), content: <Changes /> },
            { value: "s3", label: t("s3.title"), content: <S3Requests /> },
          ]}
        />
      ) : (
        <Changes />
      )}
    </>
  );
}

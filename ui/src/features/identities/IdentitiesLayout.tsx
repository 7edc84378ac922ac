import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { NavTab, NavTabs, PageHeader } from "@/components";
import s from "./Identities.module.css";

/** IdentitiesLayout heads the lists of who there is and what they may hold. */
export function IdentitiesLayout() {
  const { t } = useTranslation("identities");
  return (
    <>
      <PageHeader title={t("title")} />
      <div className={s.layout}>
        <NavTabs label={t("title")}>
          <NavTab to="/identities/users">{t("users")}</NavTab>
          <NavTab to="/identities/groups">{t("groups")}</NavTab>
          <NavTab to="/identities/policies">{t("policies")}</NavTab>
          <NavTab to="/identities/roles">{t("roles")}</NavTab>
          <NavTab to="/identities/providers">{t("providers")}</NavTab>
        </NavTabs>
        <Outlet />
      </div>
    </>
  );
}

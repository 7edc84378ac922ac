import { Outlet } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { NavTab, NavTabs, PageHeader } from "@/components";
import s from "./Settings.module.css";

export function SettingsLayout() {
  const { t } = useTranslation("settings");
  const me = useMe();
  return (
    <>
      <PageHeader title={t("title")} />
      <div className={s.layout}>
        <NavTabs label={t("title")}>
          <NavTab to="/settings" activeOptions={{ exact: true }}>
            {t("tabs.profile")}
          </NavTab>
          <NavTab to="/settings/security">{t("tabs.security")}</NavTab>
          <NavTab to="/settings/tokens">{t("tabs.tokens")}</NavTab>
          <NavTab to="/settings/keys">{t("tabs.keys")}</NavTab>
          <NavTab to="/settings/access">{t("simulator:own.tab")}</NavTab>
          <NavTab to="/settings/drives">{t("tabs.drives")}</NavTab>
          {me.admin && <NavTab to="/settings/tiers">{t("tabs.tiers")}</NavTab>}
          {me.admin && <NavTab to="/settings/encryption">{t("tabs.encryption")}</NavTab>}
          {me.admin && <NavTab to="/settings/webhooks">{t("tabs.webhooks")}</NavTab>}
        </NavTabs>
        <Outlet />
      </div>
    </>
  );
}

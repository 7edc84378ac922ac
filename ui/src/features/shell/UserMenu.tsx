import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, LogOut, Monitor, Moon, Sun, UserRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { signOut, useMe } from "@/api/session";
import { Avatar, Menu, MenuItem, MenuLabel, MenuSeparator, toast } from "@/components";
import { currentLocale, localeNames, locales, setLocale, type Locale } from "@/lib/i18n";
import { setTheme, themes, useTheme } from "@/lib/theme";
import s from "./Sidebar.module.css";

const themeIcons = { system: Monitor, light: Sun, dark: Moon };

export function UserMenu() {
  const { t } = useTranslation("shell");
  const me = useMe();
  const theme = useTheme();
  const navigate = useNavigate();
  return (
    <Menu
      align="start"
      side="top"
      trigger={
        <button type="button" className={s.user}>
          <Avatar name={me.displayName || me.name} seed={me.id} size={28} />
          <span className={s.name}>{me.displayName || me.name}</span>
          <ChevronsUpDown size={15} aria-hidden />
        </button>
      }
    >
      <MenuItem icon={<UserRound size={16} />} onSelect={() => void navigate({ to: "/settings" })}>
        {t("profile")}
      </MenuItem>
      <MenuSeparator />
      <MenuLabel>{t("theme.label")}</MenuLabel>
      {themes.map((value) => {
        const Icon = themeIcons[value];
        return (
          <MenuItem
            key={value}
            icon={<Icon size={16} />}
            checked={theme === value}
            onSelect={() => setTheme(value)}
          >
            {t(`theme.${value}`)}
          </MenuItem>
        );
      })}
      <MenuSeparator />
      <MenuLabel>{t("language")}</MenuLabel>
      {locales.map((value) => (
        <MenuItem key={value} checked={currentLocale() === value} onSelect={() => chooseLocale(value)}>
          {localeNames[value]}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuItem icon={<LogOut size={16} />} onSelect={() => void signOut().catch(toast.error)}>
        {t("signOut")}
      </MenuItem>
    </Menu>
  );
}

/** chooseLocale changes the console's language at once and tells the server for what it sends. */
export function chooseLocale(locale: Locale) {
  void setLocale(locale);
  api.PATCH("/api/v1/me", { body: { locale } }).catch(toast.error);
}

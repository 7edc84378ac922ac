import { Languages, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button, CroftMark, Menu, MenuItem, useDocumentTitle } from "@/components";
import { currentLocale, localeNames, locales, setLocale } from "@/lib/i18n";
import { setTheme, themes, useTheme } from "@/lib/theme";
import s from "./Gate.module.css";

type GateProps = { title: string; description: ReactNode; children?: ReactNode };

/** Gate is the page of those not signed in: one card, with language and theme at hand. */
export function Gate({ title, description, children }: GateProps) {
  useDocumentTitle(title);
  return (
    <div className={s.gate}>
      <main className={s.box}>
        <header className={s.head}>
          <CroftMark size={44} />
          <h1>{title}</h1>
          <p>{description}</p>
        </header>
        {children && <div className={s.card}>{children}</div>}
      </main>
      <Choices className={s.footer} />
    </div>
  );
}

/** Choices are language and theme, for pages outside the shell. */
export function Choices({ className }: { className?: string }) {
  const { t } = useTranslation("shell");
  const theme = useTheme();
  return (
    <footer className={className}>
      <Menu
        side="top"
        align="start"
        trigger={
          <Button variant="ghost" size="sm" icon={<Languages size={15} />}>
            {localeNames[currentLocale()]}
          </Button>
        }
      >
        {locales.map((value) => (
          <MenuItem key={value} checked={value === currentLocale()} onSelect={() => void setLocale(value)}>
            {localeNames[value]}
          </MenuItem>
        ))}
      </Menu>
      <Menu
        side="top"
        trigger={
          <Button
            variant="ghost"
            size="sm"
            icon={theme === "dark" ? <Moon size={15} /> : <Sun size={15} />}
          >
            {t(`theme.${theme}`)}
          </Button>
        }
      >
        {themes.map((value) => (
          <MenuItem key={value} checked={value === theme} onSelect={() => setTheme(value)}>
            {t(`theme.${value}`)}
          </MenuItem>
        ))}
      </Menu>
    </footer>
  );
}

import i18next from "i18next";
import { initReactI18next } from "react-i18next";

export const locales = ["en", "zh-CN"] as const;
export type Locale = (typeof locales)[number];

/** Each language in its own words, for the language menu. */
export const localeNames: Record<Locale, string> = { en: "English", "zh-CN": "简体中文" };

const storageKey = "croft.locale";
const files = import.meta.glob<Record<string, unknown>>("../locales/*/*.json", { import: "default" });

/** preferredLocale is the one chosen here before, else the browser's. */
export function preferredLocale(): Locale {
  const chosen = localStorage.getItem(storageKey);
  if (locales.includes(chosen as Locale)) return chosen as Locale;
  return navigator.languages.some((l) => l.toLowerCase().startsWith("zh")) &&
    !navigator.languages[0]?.toLowerCase().startsWith("en")
    ? "zh-CN"
    : "en";
}

async function load(locale: Locale) {
  const prefix = `../locales/${locale}/`;
  await Promise.all(
    Object.entries(files)
      .filter(([path]) => path.startsWith(prefix))
      .map(async ([path, read]) => {
        const namespace = path.slice(prefix.length, -".json".length);
        i18next.addResourceBundle(locale, namespace, await read());
      }),
  );
}

export async function startI18n(locale: Locale = preferredLocale()) {
  await i18next.use(initReactI18next).init({
    lng: locale,
    fallbackLng: false,
    defaultNS: "common",
    partialBundledLanguages: true,
    resources: {},
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await load(locale);
  document.documentElement.lang = locale;
}

export async function setLocale(locale: Locale) {
  await load(locale);
  await i18next.changeLanguage(locale);
  localStorage.setItem(storageKey, locale);
  document.documentElement.lang = locale;
}

export function currentLocale(): Locale {
  return i18next.language as Locale;
}

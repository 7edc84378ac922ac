import { Link, Outlet } from "@tanstack/react-router";
import { Menu as MenuIcon, Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { CroftMark, Count, IconButton } from "@/components";
import { CommandPalette } from "./CommandPalette";
import { visibleGlobal, visibleInProject, type NavEntry, type ProjectNavEntry } from "./nav";
import s from "./Shell.module.css";
import { Sidebar } from "./Sidebar";
import { useCurrentProject } from "./useCurrentProject";
import { useRouteFocus } from "./useRouteFocus";
import { useShortcut } from "./useShortcut";

/** Shell is the frame of every page behind the login. */
export function Shell() {
  const { t } = useTranslation("shell");
  const [palette, setPalette] = useState(false);
  const [drawer, setDrawer] = useState(false);
  useShortcut("k", () => setPalette((open) => !open));
  const announcement = useRouteFocus(() => setDrawer(false));
  const { project, inProject } = useCurrentProject();
  const openPalette = () => setPalette(true);
  return (
    <>
      <a className={s.skip} href="#main">
        {t("skip")}
      </a>
      <div className={s.shell}>
        <aside className={s.side}>
          <Sidebar onSearch={openPalette} />
        </aside>
        <header className={s.topbar}>
          <IconButton label={t("openMenu")} icon={<MenuIcon size={20} />} onClick={() => setDrawer(true)} />
          <Link to="/" className={s.brand}>
            <CroftMark size={24} />
            <span>{inProject && project ? project.name : t("brand")}</span>
          </Link>
          <IconButton label={t("search")} icon={<Search size={19} />} onClick={openPalette} />
        </header>
        <main className={s.main} id="main" tabIndex={-1} data-scroll-restoration-id="main">
          <div className={s.page}>
            <Outlet />
          </div>
        </main>
        <TabBar onMore={() => setDrawer(true)} />
      </div>
      <Dialog.Root open={drawer} onOpenChange={setDrawer}>
        <Dialog.Portal>
          <Dialog.Overlay className={s.drawerOverlay} />
          <Dialog.Content className={s.drawer} aria-describedby={undefined}>
            <Dialog.Title className="srOnly">{t("menu")}</Dialog.Title>
            <Sidebar
              onSearch={() => {
                setDrawer(false);
                openPalette();
              }}
            />
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
      <CommandPalette open={palette} onOpenChange={setPalette} />
      <div className="srOnly" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

function TabBar({ onMore }: { onMore: () => void }) {
  const { t } = useTranslation("shell");
  const me = useMe();
  const { project } = useCurrentProject();
  const entries: (NavEntry | ProjectNavEntry)[] = [
    ...visibleGlobal(me),
    ...(project ? visibleInProject(project) : []),
  ].filter((entry) => entry.onPhone);
  return (
    <nav className={s.tabbar} aria-label={t("mainNav")}>
      {entries.slice(0, 4).map((entry) => (
        <TabBarLink key={entry.id} entry={entry} project={project?.slug} />
      ))}
      <button type="button" className={s.tab} onClick={onMore}>
        <MenuIcon size={20} aria-hidden />
        {t("more")}
      </button>
    </nav>
  );
}

const noCount = () => 0;

function TabBarLink({ entry, project }: { entry: NavEntry; project?: string }) {
  const { t } = useTranslation("shell");
  const useCount = entry.useCount ?? noCount;
  const count = useCount();
  return (
    <Link
      to={entry.to}
      params={{ project } as never}
      activeOptions={{ exact: entry.exact }}
      className={s.tab}
    >
      <entry.icon size={20} aria-hidden />
      {t(entry.label)}
      <span className={s.tabCount}>
        <Count value={count} label={t("waiting", { count })} />
      </span>
    </Link>
  );
}

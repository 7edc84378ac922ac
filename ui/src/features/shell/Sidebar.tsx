import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, Plus, Search, Settings } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import {
  Avatar,
  CroftMark,
  Count,
  Menu,
  MenuItem,
  MenuLabel,
  MenuSeparator,
  Skeleton,
} from "@/components";
import { visibleGlobal, visibleInProject, type NavEntry } from "./nav";
import s from "./Sidebar.module.css";
import { useCurrentProject } from "./useCurrentProject";
import { UserMenu } from "./UserMenu";
import { shortcutName } from "./useShortcut";

export function Sidebar({ onSearch }: { onSearch: () => void }) {
  const { t } = useTranslation("shell");
  const me = useMe();
  const { project, projects } = useCurrentProject();
  return (
    <div className={s.side}>
      <Link to="/" className={s.brand}>
        <CroftMark />
        {t("brand")}
      </Link>
      <button type="button" className={s.search} onClick={onSearch}>
        <Search size={15} aria-hidden />
        <span>{t("search")}</span>
        <kbd>{shortcutName("K")}</kbd>
      </button>
      <nav className={s.scroll} aria-label={t("mainNav")}>
        <ul className={s.list}>
          {visibleGlobal(me).map((entry) => (
            <li key={entry.id}>
              <NavLink entry={entry} />
            </li>
          ))}
        </ul>
        <div className={s.group}>
          <span className={s.groupTitle}>{t("project")}</span>
          <ProjectSwitcher />
          {project && (
            <ul className={s.list}>
              {visibleInProject(project).map((entry) => (
                <li key={entry.id}>
                  <NavLink entry={entry} project={project.slug} />
                </li>
              ))}
            </ul>
          )}
          {!projects && (
            <div className={s.list} aria-hidden>
              <div className={s.link}>
                <Skeleton width="70%" />
              </div>
              <div className={s.link}>
                <Skeleton width="55%" />
              </div>
            </div>
          )}
        </div>
      </nav>
      <div className={s.bottom}>
        <Link to="/settings" className={s.link}>
          <Settings size={17} aria-hidden />
          <span>{t("nav.settings")}</span>
        </Link>
        <UserMenu />
      </div>
    </div>
  );
}

const noCount = () => 0;

function NavLink({ entry, project }: { entry: NavEntry; project?: string }) {
  const { t } = useTranslation("shell");
  const useCount = entry.useCount ?? noCount;
  const count = useCount();
  return (
    <Link
      to={entry.to}
      params={{ project } as never}
      activeOptions={{ exact: entry.exact }}
      className={s.link}
    >
      <entry.icon size={17} aria-hidden />
      <span>{t(entry.label)}</span>
      <Count value={count} label={t("waiting", { count })} />
    </Link>
  );
}

function ProjectSwitcher() {
  const { t } = useTranslation("shell");
  const navigate = useNavigate();
  const { project, projects } = useCurrentProject();
  if (!projects) return <Skeleton width="100%" height={44} radius={7} />;
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className={s.switcher}>
          {project ? <Avatar name={project.name} seed={project.slug} size={24} square /> : <Plus size={17} />}
          <span className={s.name}>{project?.name ?? t("noProject")}</span>
          <ChevronsUpDown size={15} aria-hidden />
        </button>
      }
    >
      <MenuLabel>{t("projects")}</MenuLabel>
      {projects.map((p) => (
        <MenuItem
          key={p.id}
          checked={p.slug === project?.slug}
          icon={<Avatar name={p.name} seed={p.slug} size={22} square />}
          onSelect={() => void navigate({ to: "/projects/$project", params: { project: p.slug } })}
        >
          {p.name}
        </MenuItem>
      ))}
      {projects.length > 0 && <MenuSeparator />}
      <MenuItem
        icon={<Plus size={16} />}
        onSelect={() => void navigate({ to: "/", search: { create: true } })}
      >
        {t("newProject")}
      </MenuItem>
    </Menu>
  );
}

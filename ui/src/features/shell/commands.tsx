import { useNavigate } from "@tanstack/react-router";
import { HardDrive, KeyRound, LogOut, Moon, Plus, Settings, Sun, Users } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { signOut, useMe } from "@/api/session";
import { Avatar, toast } from "@/components";
import { setTheme } from "@/lib/theme";
import { visibleGlobal, visibleInProject } from "./nav";
import { useCurrentProject } from "./useCurrentProject";

export type Command = {
  id: string;
  group: string;
  label: string;
  hint?: string;
  icon: ReactNode;
  run: () => void;
};

/** matches finds every typed word somewhere in the command's words. */
export function matches(command: Command, text: string): boolean {
  const all = `${command.group} ${command.label} ${command.hint ?? ""}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export function useCommands(): Command[] {
  const { t } = useTranslation("shell");
  const me = useMe();
  const navigate = useNavigate();
  const { project, projects } = useCurrentProject();
  const pages = t("palette.pages");
  const actions = t("palette.actions");
  const settings = t("nav.settings");
  return [
    ...(project ? visibleInProject(project) : []).map((entry) => ({
      id: entry.id,
      group: project?.name ?? "",
      label: t(entry.label),
      icon: <entry.icon size={17} />,
      run: () => void navigate({ to: entry.to, params: { project: project?.slug } as never }),
    })),
    ...visibleGlobal(me).map((entry) => ({
      id: entry.id,
      group: pages,
      label: t(entry.label),
      icon: <entry.icon size={17} />,
      run: () => void navigate({ to: entry.to }),
    })),
    {
      id: "settings",
      group: pages,
      label: settings,
      icon: <Settings size={17} />,
      run: () => void navigate({ to: "/settings" }),
    },
    {
      id: "keys",
      group: pages,
      label: t("palette.keys"),
      hint: settings,
      icon: <KeyRound size={17} />,
      run: () => void navigate({ to: "/settings/keys" }),
    },
    {
      id: "drives",
      group: pages,
      label: t("palette.drives"),
      hint: settings,
      icon: <HardDrive size={17} />,
      run: () => void navigate({ to: "/settings/drives" }),
    },
    ...(me.admin
      ? [
          {
            id: "users",
            group: pages,
            label: t("palette.users"),
            hint: t("nav.identities"),
            icon: <Users size={17} />,
            run: () => void navigate({ to: "/identities/users" }),
          },
        ]
      : []),
    ...(projects ?? []).map((p) => ({
      id: `project-${p.id}`,
      group: t("projects"),
      label: p.name,
      hint: p.slug,
      icon: <Avatar name={p.name} seed={p.slug} size={22} square />,
      run: () => void navigate({ to: "/projects/$project", params: { project: p.slug } }),
    })),
    {
      id: "new-project",
      group: actions,
      label: t("newProject"),
      icon: <Plus size={17} />,
      run: () => void navigate({ to: "/", search: { create: true } }),
    },
    {
      id: "light",
      group: actions,
      label: t("palette.light"),
      icon: <Sun size={17} />,
      run: () => setTheme("light"),
    },
    {
      id: "dark",
      group: actions,
      label: t("palette.dark"),
      icon: <Moon size={17} />,
      run: () => setTheme("dark"),
    },
    {
      id: "sign-out",
      group: actions,
      label: t("signOut"),
      icon: <LogOut size={17} />,
      run: () => void signOut().catch(toast.error),
    },
  ];
}

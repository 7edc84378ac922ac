/**
 * The navigation as a list: a feature that has a place in it adds an entry here and nothing else.
 * Labels are keys of the namespace `shell`.
 */
import type { LinkProps } from "@tanstack/react-router";
import { Archive, House, MessagesSquare, ScrollText, Settings, UserRoundCog, Users, LayoutDashboard, Workflow, type LucideIcon } from "lucide-react";
import type { Project, Role, User } from "@/api/types";
import { atLeast } from "@/api/queries";
import { useUnread } from "@/features/chat/client";

export type NavEntry = {
  id: string;
  label: string;
  icon: LucideIcon;
  to: LinkProps["to"];
  /** Only the exact address counts as being there. */
  exact?: boolean;
  /** Shown in the bottom bar of phones (at most four in all). */
  onPhone?: boolean;
  /** A hook returning how many things wait there. */
  useCount?: () => number;
  /** Who sees it; everybody when absent. */
  visible?: (user: User) => boolean;
};

/** Entries that concern the whole instance. */
export const globalNav: NavEntry[] = [
  { id: "home", label: "nav.home", icon: House, to: "/", exact: true, onPhone: true },
  { id: "storage", label: "nav.storage", icon: Archive, to: "/buckets", onPhone: true },
  { id: "chat", label: "nav.chat", icon: MessagesSquare, to: "/chat", onPhone: true, useCount: useUnread },
  { id: "identities", label: "nav.identities", icon: UserRoundCog, to: "/identities", visible: (user) => user.admin },
  { id: "audit", label: "nav.audit", icon: ScrollText, to: "/audit", visible: (user) => user.admin },
];

export type ProjectNavEntry = Omit<NavEntry, "visible"> & { least?: Role };

/** Entries of the current project; their address has $project. */
export const projectNav: ProjectNavEntry[] = [
  { id: "project", label: "nav.overview", icon: LayoutDashboard, to: "/projects/$project", exact: true },
  { id: "pipelines", label: "nav.pipelines", icon: Workflow, to: "/projects/$project/pipelines", onPhone: true },
  { id: "members", label: "nav.members", icon: Users, to: "/projects/$project/members" },
  {
    id: "project-settings",
    label: "nav.projectSettings",
    icon: Settings,
    to: "/projects/$project/settings",
    least: "maintainer",
  },
];

export function visibleGlobal(user: User) {
  return globalNav.filter((entry) => entry.visible?.(user) ?? true);
}

export function visibleInProject(project: Project) {
  return projectNav.filter((entry) => !entry.least || atLeast(project.role, entry.least));
}

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { appRoute } from "@/routes/base";

const auditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): { project?: string } =>
    typeof search.project === "string" && search.project ? { project: search.project } : {},
  component: lazyRouteComponent(() => import("./AuditPage"), "AuditPage"),
});

export const appRoutes = [auditRoute] as const;

import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { appRoute } from "@/routes/base";

type Search = { project?: string; view?: "s3" };

const auditRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): Search => ({
    ...(typeof search.project === "string" && search.project ? { project: search.project } : {}),
    ...(search.view === "s3" ? { view: "s3" } : {}),
  }),
  component: lazyRouteComponent(() => import("./AuditPage"), "AuditPage"),
});

export const appRoutes = [auditRoute] as const;

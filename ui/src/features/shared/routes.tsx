import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "@/routes/base";

const sharedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/s/$token",
  validateSearch: (search: Record<string, unknown>): { path?: string } => ({
    ...(typeof search.path === "string" && search.path ? { path: search.path } : {}),
  }),
  component: lazyRouteComponent(() => import("./SharedPage"), "SharedPage"),
});

export const publicRoutes = [sharedRoute] as const;

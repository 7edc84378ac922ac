import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { rootRoute } from "@/routes/base";

const sharedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/s/$token",
  // refused is the code of the error for which a download brought the visitor back.
  validateSearch: (search: Record<string, unknown>): { path?: string; refused?: string } => ({
    ...(typeof search.path === "string" && search.path ? { path: search.path } : {}),
    ...(typeof search.refused === "string" && /^[a-z_]+$/.test(search.refused) ? { refused: search.refused } : {}),
  }),
  component: lazyRouteComponent(() => import("./SharedPage"), "SharedPage"),
});

export const publicRoutes = [sharedRoute] as const;

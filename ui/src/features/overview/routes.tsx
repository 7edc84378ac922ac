import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectsQuery } from "@/api/queries";
import { appRoute } from "@/routes/base";

const overviewRoute = createRoute({
  getParentRoute: () => appRoute,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { create?: boolean } =>
    search.create === true ? { create: true } : {},
  loader: ({ context }) => void context.queryClient.prefetchQuery(projectsQuery),
  component: lazyRouteComponent(() => import("./OverviewPage"), "OverviewPage"),
});

export const appRoutes = [overviewRoute] as const;

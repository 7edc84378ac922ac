import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { projectRoute } from "@/routes/base";

const pipelinesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/pipelines",
  validateSearch: (search: Record<string, unknown>): { add?: boolean } => (search.add ? { add: true } : {}),
  component: lazyRouteComponent(() => import("./PipelinesPage"), "PipelinesPage"),
});

const repositoryRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/pipelines/$repository",
  validateSearch: (search: Record<string, unknown>): { view?: "settings" } =>
    search.view === "settings" ? { view: "settings" } : {},
  component: lazyRouteComponent(() => import("./RepositoryPage"), "RepositoryPage"),
});

const runRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: "/pipelines/$repository/runs/$number",
  validateSearch: (search: Record<string, unknown>): { step?: string } =>
    typeof search.step === "string" ? { step: search.step } : {},
  component: lazyRouteComponent(() => import("./RunPage"), "RunPage"),
});

export const projectRoutes = [pipelinesRoute, repositoryRoute, runRoute];
